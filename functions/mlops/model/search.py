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
from sklearn.metrics import log_loss
from sklearn.model_selection import ParameterSampler, StratifiedKFold, train_test_split

from mlops.model.decision import decide
from mlops.model.estimator import grow
from mlops.model.training_set import TrainingSet
from mlops.use_case import Search, UseCase

_log = logging.getLogger(__name__)

FOLDS = 5
# Times that a candidate is tried before it is given up.
TRIES = 2
# Of more rows the search looks at so many: to tell candidates apart it needs no more.
MAX_ROWS = 5000

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A candidate's score on each fold; greater is better. `leaves` are those of a tree of its forests, on average."""

    index: int
    params: Params
    fold_scores: tuple[float, ...]
    leaves: float = 0.0

    @property
    def mean(self) -> float:
        return float(np.mean(self.fold_scores))


@dataclass(frozen=True, slots=True)
class Failure:
    """A candidate that could not be scored, and why."""

    index: int
    params: Params
    reason: str


def candidates(search: Search, count: int) -> list[Params]:
    """The parameters to try, the same for the same count."""
    return list(ParameterSampler(search.space, n_iter=count, random_state=search.seed))


def splits(labels: NDArray[np.int64], seed: int, count: int = FOLDS) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """The row numbers of each fold's training and test part."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros(len(labels)), labels)


def evaluate(
    case: UseCase, share: Sequence[tuple[int, Params]], rows: TrainingSet, folds: int = FOLDS
) -> tuple[list[Evaluation], list[Failure]]:
    """Score a share of the candidates, each given as (index, params), on each fold.

    The encoder is fitted on the training part of each fold, for a statistic of all rows would tell of the test part.
    A candidate that fails, and fails again, takes no other with it.
    """
    scores: dict[int, list[float]] = {index: [] for index, _ in share}
    leaves: dict[int, list[float]] = {index: [] for index, _ in share}
    failed: dict[int, Failure] = {}
    for train, test in splits(rows.labels, case.search.seed, folds):
        known, unseen = rows.take(train), rows.take(test)
        encoder, matrix = case.encoding.fit_transform(known.features, known.labels)
        inputs = encoder.transform(unseen.features)
        for index, params in share:
            if index in failed:
                continue
            try:
                forest = _fit_with_retry(case.search, params, matrix, known.labels)
                scores[index].append(_score(case.search, unseen.labels, forest.predict_proba(inputs)[:, 1]))
                leaves[index].append(float(np.mean([tree.get_n_leaves() for tree in forest.estimators_])))
            except Exception as error:  # whatever it is, it is this candidate's
                failed[index] = Failure(index, params, f"{type(error).__name__}: {error}")
    scored = [
        Evaluation(index, params, tuple(scores[index]), float(np.mean(leaves[index])))
        for index, params in share
        if index not in failed
    ]
    return scored, list(failed.values())


def sample(rows: TrainingSet, seed: int, most: int | None = None) -> TrainingSet:
    """At most so many rows, by default as many as the search looks at: classes in proportion, the same each time."""
    most = most or MAX_ROWS
    if len(rows) <= most:
        return rows
    chosen, _ = train_test_split(np.arange(len(rows)), train_size=most, stratify=rows.labels, random_state=seed)
    return rows.take(np.sort(chosen))


def winner(search: Search, evaluations: Sequence[Evaluation]) -> Evaluation:
    """The best by mean score, or the simplest that chance does not tell from it; of equals the first."""
    best = min(evaluations, key=lambda each: (-each.mean, each.index))
    if search.choose == "best":
        return best
    as_good = [each for each in evaluations if best.mean - each.mean <= _standard_error(best, each)]
    return min(as_good, key=lambda each: (each.leaves, each.index))


def _standard_error(one: Evaluation, other: Evaluation) -> float:
    """Of the mean difference over folds, corrected for folds that share most of their training rows.

    C. Nadeau and Y. Bengio, "Inference for the Generalization Error", 2003; the rule of one standard error is that of
    L. Breiman et al., "Classification and Regression Trees", 1984.
    """
    differences = np.subtract(one.fold_scores, other.fold_scores)
    if not differences.any():
        return 0.0
    return float(np.sqrt(np.var(differences, ddof=1) * (1 / len(differences) + 1 / (FOLDS - 1))))


def _score(search: Search, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    if search.scoring == "accuracy":
        return float(np.mean([decide(p) == label for p, label in zip(probabilities, labels, strict=True)]))
    return -float(log_loss(labels, np.clip(probabilities, 1e-4, 1 - 1e-4), labels=[0, 1]))


def _fit_with_retry(
    search: Search, params: Params, matrix: NDArray[np.float32], labels: NDArray[np.int64]
) -> RandomForestClassifier:
    for _ in range(TRIES - 1):
        try:
            return grow(search, params, matrix, labels)
        except Exception as error:
            _log.warning("A candidate failed and is tried again: %s", error)
    return grow(search, params, matrix, labels)
