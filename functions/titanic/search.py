"""The search for a forest's parameters: randomised candidates, each scored by stratified cross-validation.

Candidates and scores depend on the seed and the data alone, so a share of them may be scored anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterSampler, StratifiedKFold

from titanic.encoder import Encoder
from titanic.estimator import SEED, grow
from titanic.features import Derived

FOLDS = 5
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


def candidates(count: int) -> list[Params]:
    """The parameters to try, the same for the same count."""
    return list(ParameterSampler(SPACE, n_iter=count, random_state=SEED))


def folds(survived: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """The row numbers of each fold's training and test part."""
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for train, test in splitter.split(np.zeros(len(survived)), np.asarray(survived)):
        yield train.tolist(), test.tolist()


def evaluate(share: Sequence[tuple[int, Params]], rows: Sequence[Derived], survived: Sequence[int]) -> list[Evaluation]:
    """Score a share of the candidates, each given as (index, params), by the accuracy on each fold.

    The encoder is fitted on the training part of each fold, for a statistic of all rows would tell of the test part.
    """
    scores: dict[int, list[float]] = {index: [] for index, _ in share}
    for train, test in folds(survived):
        fates = [survived[i] for i in train]
        encoder, matrix = Encoder.fit_transform([rows[i] for i in train], fates)
        unseen = encoder.transform([rows[i] for i in test])
        truth = np.asarray([survived[i] for i in test])
        for index, params in share:
            scores[index].append(float(np.mean(grow(params, matrix, fates).predict(unseen) == truth)))
    return [Evaluation(index, params, tuple(scores[index])) for index, params in share]


def out_of_fold(params: Params, rows: Sequence[Derived], survived: Sequence[int]) -> list[float]:
    """P(survived) of each row, from the fold's model that did not see it."""
    probabilities = np.zeros(len(rows))
    for train, test in folds(survived):
        fates = [survived[i] for i in train]
        encoder, matrix = Encoder.fit_transform([rows[i] for i in train], fates)
        unseen = encoder.transform([rows[i] for i in test])
        probabilities[test] = grow(params, matrix, fates).predict_proba(unseen)[:, 1]
    return [float(each) for each in probabilities]


def winner(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The best by mean score; of equals the first, as scikit-learn chooses."""
    return min(evaluations, key=lambda each: (-each.mean, each.index))
