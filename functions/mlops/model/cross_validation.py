"""How good a way of training is, on rows that each model was not shown: repeated stratified cross-validation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import RepeatedStratifiedKFold

from mlops.model.estimator import fit_estimator
from mlops.model.search import FOLDS, Params, sample
from mlops.model.training_set import TrainingSet
from mlops.statistics.mean import paired_lower_bound
from mlops.use_case import UseCase

REPEATS = 5
# Of more rows than this, one repeat on at most MAX_ROWS says enough, and more would take longer than a function may.
MANY_ROWS, MAX_ROWS = 5000, 10_000


@dataclass(frozen=True, slots=True)
class Validation:
    """Accuracy on each fold of each repeat; by repeat and row P(class 1), and whether the row's group was known.

    All are of models that did not see the row. `known` is None where the use case has no groups.
    """

    labels: NDArray[np.int64]
    fold_scores: tuple[float, ...]
    by_repeat: NDArray[np.float64]
    known: NDArray[np.bool_] | None

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Each row's mean P(class 1) over the repeats."""
        mean: NDArray[np.float64] = self.by_repeat.mean(axis=0)
        return mean

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.fold_scores))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, corrected for folds that share most of their training rows.

        The corrected resampled t-test of C. Nadeau and Y. Bengio, "Inference for the Generalization Error", 2003.
        """
        from scipy.stats import t

        folds = len(self.fold_scores)
        variance = np.var(self.fold_scores, ddof=1) * (1 / folds + 1 / (FOLDS - 1))
        half = float(t.ppf(0.975, folds - 1) * np.sqrt(variance))
        return self.accuracy - half, self.accuracy + half

    def against_prior(self) -> dict[str, float]:
        """Mean log loss, that of the class prior, and the least by which the latter is greater; one-sided 95 %."""
        labels, prior = self.labels, np.full(len(self.labels), self.labels.mean())
        losses, prior_losses = (-np.log(_of_truth(p, labels)) for p in (self.probabilities, prior))
        return {
            "log_loss": float(log_loss(labels, _clipped(self.probabilities), labels=[0, 1])),
            "prior_log_loss": float(np.mean(prior_losses)),
            "gain_at_least": paired_lower_bound(prior_losses - losses),
        }

    def to_json(self, digits: int) -> dict[str, Any]:
        """For the model card: figures over all repeats."""
        right = (self.by_repeat > 0.5) == self.labels
        groups = {}
        if self.known is not None:
            groups = {
                name: {
                    "rows": round(float(which.mean(axis=0).sum())),
                    "accuracy": round(float(np.mean(right[which])), digits) if which.any() else None,
                }
                for name, which in (("known_groups", self.known), ("unknown_groups", ~self.known))
            }
        return {
            "repeats": len(self.by_repeat),
            "folds": FOLDS,
            "accuracy": round(self.accuracy, digits),
            "interval": [round(bound, digits) for bound in self.interval],
            **{name: round(value, digits) for name, value in self.against_prior().items()},
            **groups,
        }


def validate(case: UseCase, params: Params, rows: TrainingSet) -> Validation:
    """Cross-validate some parameters, in folds that the search did not use; the encoder is fitted inside each.

    Of very many rows a sample is looked at.
    """
    rows = sample(rows, case.search.seed + 1, MAX_ROWS)
    repeats = REPEATS if len(rows) <= MANY_ROWS else 1
    shape = (repeats, len(rows))
    probabilities, known = np.zeros(shape), np.zeros(shape, bool)
    scores, grouped = [], True
    splitter = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=case.search.seed + 1)
    for number, (train, test) in enumerate(splitter.split(np.zeros(len(rows)), rows.labels)):
        unseen, repeat = rows.take(test), number // FOLDS
        encoder, forest = fit_estimator(case, params, rows.take(train))
        found = forest.predict_proba(encoder.transform(unseen.features))[:, 1]
        probabilities[repeat, test] = found
        knows = encoder.knows_group(unseen.features)
        grouped = knows is not None
        known[repeat, test] = False if knows is None else knows
        scores.append(float(np.mean((found > 0.5) == unseen.labels)))
    return Validation(rows.labels, tuple(scores), probabilities, known if grouped else None)


def _clipped(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """A forest of few trees can be sure; a logarithm must not."""
    return np.clip(probabilities, 1e-4, 1 - 1e-4)


def _of_truth(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The probability given to what was the case."""
    clipped = _clipped(probabilities)
    return np.where(labels == 1, clipped, 1 - clipped)
