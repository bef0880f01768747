"""The search for a forest's parameters: randomised candidates, each scored by stratified cross-validation.

Candidates and scores depend on the seed and the data alone, so a share of them may be scored anywhere.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import ParameterSampler, StratifiedKFold

from mlops.model.estimator import SEED, grow
from titanic.encoder import Encoder
from titanic.features import Derived

_log = logging.getLogger(__name__)

FOLDS = 5
# Times that a candidate is tried before it is given up.
TRIES = 2
SPACE: Mapping[str, Sequence[Any]] = {
    "max_depth": [5, 6, 7, 8, 10],
    "min_samples_leaf": [1, 2, 3, 4, 6],
    "max_features": ["sqrt", 0.3, 0.4, 0.5, 0.6],
    "criterion": ["gini", "entropy"],
}

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A candidate's accuracy on each fold."""

    index: int
    params: Params
    fold_scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.fold_scores))


@dataclass(frozen=True, slots=True)
class Failure:
    """A candidate that could not be scored, and why."""

    index: int
    params: Params
    reason: str


def candidates(count: int) -> list[Params]:
    """The parameters to try, the same for the same count."""
    return list(ParameterSampler(SPACE, n_iter=count, random_state=SEED))


def splits(survived: Sequence[int], count: int = FOLDS) -> Iterator[tuple[list[int], list[int]]]:
    """The row numbers of each fold's training and test part."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=SEED)
    for train, test in splitter.split(np.zeros(len(survived)), np.asarray(survived)):
        yield train.tolist(), test.tolist()


def evaluate(
    share: Sequence[tuple[int, Params]], rows: Sequence[Derived], survived: Sequence[int], folds: int = FOLDS
) -> tuple[list[Evaluation], list[Failure]]:
    """Score a share of the candidates, each given as (index, params), by the accuracy on each fold.

    The encoder is fitted on the training part of each fold, for a statistic of all rows would tell of the test part.
    A candidate that fails, and fails again, takes no other with it.
    """
    scores: dict[int, list[float]] = {index: [] for index, _ in share}
    failed: dict[int, Failure] = {}
    for train, test in splits(survived, folds):
        fates = [survived[i] for i in train]
        encoder, matrix = Encoder.fit_transform([rows[i] for i in train], fates)
        unseen = encoder.transform([rows[i] for i in test])
        truth = np.asarray([survived[i] for i in test])
        for index, params in share:
            if index in failed:
                continue
            try:
                decisions = _insisted(params, matrix, fates).predict(unseen)
            except Exception as error:  # whatever it is, it is this candidate's
                failed[index] = Failure(index, params, f"{type(error).__name__}: {error}")
            else:
                scores[index].append(float(np.mean(decisions == truth)))
    scored = [Evaluation(index, params, tuple(scores[index])) for index, params in share if index not in failed]
    return scored, list(failed.values())


def _insisted(params: Params, matrix: NDArray[np.float32], fates: Sequence[int]) -> RandomForestClassifier:
    for _ in range(TRIES - 1):
        try:
            return grow(params, matrix, fates)
        except Exception as error:
            _log.warning("A candidate failed and is tried again: %s", error)
    return grow(params, matrix, fates)


def winner(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The best by mean score; of equals the first, as scikit-learn chooses."""
    return min(evaluations, key=lambda each: (-each.mean, each.index))
