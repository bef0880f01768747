"""Fold scores of models with a known true quality, and what the gate makes of them.

A model's scores are its quality and noise of its own, by fold; the covariance is that of real models of the passenger
list (docs/evidence.md): between two of them a fold's difference has a standard deviation of DEVIATION, and two folds'
differences correlate by 1 / FOLDS.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlops.model.out_of_fold import FOLDS
from mlops.statistics.correlated import posterior
from mlops.training.comparison import Comparison
from mlops.training.gate import Contest, Standing, judge

REPEATS = 5
# By measure: accuracy, and log loss in nats.
DEVIATION = {"accuracy": 0.009, "log_loss": 0.009}
VALIDATION = {"log_loss": 0.4, "prior_log_loss": 0.66, "better_than_prior": {"probability": 1.0}, "baselines": []}


@dataclass(frozen=True)
class Model:
    """The true quality, as accuracy, and the fold scores that are seen of it, by measure."""

    quality: float
    seen: dict[str, NDArray[np.float64]]


def model(rng: np.random.Generator, quality: float) -> Model:
    """A point of accuracy is taken for a hundredth of a nat."""
    shared, own = np.sqrt(1 / FOLDS), np.sqrt(1 - 1 / FOLDS)
    noise = {
        name: deviation / np.sqrt(2) * (shared * rng.normal() + own * rng.normal(size=REPEATS * FOLDS))
        for name, deviation in DEVIATION.items()
    }
    return Model(quality, {name: quality + each for name, each in noise.items()})


def compared(one: Model, other: Model) -> Comparison:
    found = {name: posterior((one.seen[name] - other.seen[name]).tolist(), FOLDS) for name in DEVIATION}
    return Comparison(891, {"rows": found})


def decided(challenger: Model, champion: Model, anchor: Model | None, grown: float = 1.0) -> tuple[bool, bool]:
    """Whether the challenger is promoted, and whether it becomes the anchor."""
    against = compared(challenger, anchor) if anchor and anchor is not champion else None
    contest = Contest("champion", compared(challenger, champion), None, "anchor" if against else None, against, grown)
    verdict = judge(Standing("challenger", [0.2, 0.8], [0, 1], VALIDATION), contest)
    return verdict.decision == "promoted", verdict.is_best


def promoted(seed: int, better_by: float, grown: float = 1.0) -> bool:
    rng = np.random.default_rng(seed)
    champion = model(rng, 0.84)
    return decided(model(rng, 0.84 + better_by), champion, champion, grown)[0]


def lost_in_a_sequence(seed: int, challengers: int, worse_by: float, grown: float = 1.0) -> float:
    """True accuracy lost against the start; each challenger is worse than the champion of its time, on average."""
    rng = np.random.default_rng(seed)
    champion = anchor = model(rng, 0.84)
    for _ in range(challengers):
        challenger = model(rng, champion.quality - worse_by + rng.normal() * 0.01)
        wins, is_best = decided(challenger, champion, anchor, grown)
        if wins:
            champion, anchor = challenger, challenger if is_best else anchor
    return 0.84 - champion.quality
