"""The search for a forest's parameters: random candidates, each scored by repeated stratified cross-validation.

Candidates and scores depend on the seed and the data alone, so a share of them may be scored anywhere.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ParameterSampler, RepeatedStratifiedKFold, train_test_split

from mlops.model.estimator import score_unseen, with_trees
from mlops.model.out_of_fold import DIGITS, correct, log_losses
from mlops.model.training_set import TrainingSet
from mlops.statistics.correlated import posterior
from mlops.use_case import Search, UseCase

_log = logging.getLogger(__name__)

FOLDS = 5
# Of so few rows one division says little, so the folds are drawn anew so often.
FEW_ROWS, REPEATS = 2000, 3
# To tell candidates apart half of a forest's trees are enough.
TREES_SHARE = 2
# Times that a candidate is tried before it is given up.
TRIES = 2
# Of more rows the search looks at so many: to tell candidates apart it needs no more.
MAX_ROWS = 5000

# Each fold from the first one on.
ALL = (0, 1)

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A candidate's score on each fold of each repeat; greater is better. `leaves` are a tree's, on average.

    A share of the folds is each `only[1]`-th one from `only[0]` on.
    `nested` holds for each set of folds and each outer fold the scores inside it and the leaves (model/nested.py).
    """

    index: int
    params: Params
    fold_scores: tuple[float, ...]
    leaves: float = 0.0
    nested: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)
    only: tuple[int, int] = ALL

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


def splits(
    labels: NDArray[np.int64], seed: int, count: int = FOLDS, repeats: int = 1
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """The row numbers of each fold's training and test part."""
    splitter = RepeatedStratifiedKFold(n_splits=count, n_repeats=repeats, random_state=seed)
    yield from splitter.split(np.zeros(len(labels)), labels)


def evaluate(
    case: UseCase,
    share: Sequence[tuple[int, Params]],
    rows: TrainingSet,
    folds: int = FOLDS,
    repeats: int | None = None,
    trees_share: int = TREES_SHARE,
    only: tuple[int, int] = ALL,
) -> tuple[list[Evaluation], list[Failure]]:
    """Score a share of the candidates, each given as (index, params), on each fold of a share of them.

    The encoder is fitted on the training part of each fold, for a statistic of all rows would tell of the test part.
    A candidate that fails, and fails again, takes no other with it.
    """
    search, scores = with_trees(case.search, trees_share), {index: list[float]() for index, _ in share}
    leaves, failed = {index: list[float]() for index, _ in share}, dict[int, Failure]()
    repeats = repeats or (REPEATS if len(rows) <= FEW_ROWS else 1)
    for train, test in islice(splits(rows.labels, search.seed, folds, repeats), only[0], None, only[1]):
        known, unseen = rows.take(train), rows.take(test)
        encoder, matrix = case.encoding.fit_transform(known.features, known.labels)
        inputs = encoder.transform(unseen.features)
        for index, params in share:
            if index in failed:
                continue
            try:
                found, its_leaves = _score_with_retry(search, params, matrix, known.labels, inputs)
                scores[index].append(_score(search, unseen.labels, found))
                leaves[index].append(its_leaves)
            except Exception as error:  # whatever it is, it is this candidate's
                failed[index] = Failure(index, params, f"{type(error).__name__}: {error}")
    scored = [
        Evaluation(index, params, tuple(scores[index]), round(float(np.mean(leaves[index])), DIGITS), only=only)
        for index, params in share
        if index not in failed
    ]
    return scored, list(failed.values())


def join(evaluations: Sequence[Evaluation], failures: Sequence[Failure]) -> tuple[list[Evaluation], list[Failure]]:
    """Evaluations on all folds, of those on shares of them; a candidate that failed on some has failed."""
    failed = {each.index: each for each in reversed(failures)}
    of: dict[int, list[Evaluation]] = {}
    for each in sorted(evaluations, key=lambda each: (each.index, each.only)):
        of.setdefault(each.index, []).append(each)
    for index, (first, *others) in of.items():
        there, total = 1 + len(others), first.only[1]
        if there != total:
            failed.setdefault(index, Failure(index, first.params, f"{there} of {total} shares of its folds are there"))
    return [_joined(shares) for index, shares in of.items() if index not in failed], list(failed.values())


def _joined(shares: Sequence[Evaluation]) -> Evaluation:
    scores, weights = [0.0] * sum(len(each.fold_scores) for each in shares), [len(each.fold_scores) for each in shares]
    for each in shares:
        scores[each.only[0] :: each.only[1]] = each.fold_scores
    leaves = round(float(np.average([each.leaves for each in shares], weights=weights)), DIGITS)
    return replace(shares[0], fold_scores=tuple(scores), leaves=leaves, only=ALL)


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
    """Of the mean difference over folds; the rule of one standard error is that of L. Breiman et al., 1984."""
    return posterior(np.subtract(one.fold_scores, other.fold_scores).tolist(), FOLDS).scale


def _score(search: Search, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    by = correct(labels, probabilities) if search.scoring == "accuracy" else -log_losses(labels, probabilities)
    return float(np.mean(by))


def _score_with_retry(search: Search, params: Params, *parts: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    for _ in range(TRIES - 1):
        try:
            return score_unseen(search, params, *parts)
        except Exception as error:
            _log.warning("A candidate failed and is tried again: %s", error)
    return score_unseen(search, params, *parts)
