"""How sure a difference over the folds of repeated cross-validation is: the correlated Bayesian t-test."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance


@dataclass(frozen=True, slots=True)
class Posterior:
    """The mean difference given its folds: Student's t with `freedom` degrees, centred at `mean`, of this `scale`.

    Folds share most of their training rows, so their differences correlate by about 1 / folds, and the variance of
    their mean is s² · (1/n + 1/(folds - 1)) instead of s² / n. A. Benavoli, G. Corani, J. Demšar and M. Zaffalon, "Time
    for a Change: a Tutorial for Comparing Multiple Classifiers Through Bayesian Analysis", JMLR 18, 2017, section 3.1;
    the correction is that of C. Nadeau and Y. Bengio, "Inference for the Generalization Error", 2003.
    """

    mean: float
    scale: float
    freedom: int

    def below(self, bound: float) -> float:
        """P(the mean difference < bound)."""
        if not self.scale:
            return float(self.mean < bound)
        from scipy.stats import t

        return float(t.cdf((bound - self.mean) / self.scale, self.freedom))

    def above(self, bound: float) -> float:
        """P(the mean difference > bound)."""
        return float(self.mean > bound) if not self.scale else 1 - self.below(bound)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The central interval that holds the mean with this probability."""
        from scipy.stats import t

        half = float(t.ppf((1 + level) / 2, self.freedom)) * self.scale
        return self.mean - half, self.mean + half


def posterior(differences: Sequence[float], folds: int) -> Posterior:
    """Of the differences on each fold of each repeat, by so many folds a repeat; a single one leaves no doubt."""
    count = len(differences)
    scale = sqrt(variance(differences) * (1 / count + 1 / (folds - 1))) if count > 1 else 0.0
    return Posterior(fmean(differences), scale, count - 1)
