"""How the work of a run is divided among functions: by candidates and folds, then by rounds of validation and trees."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.errors import InvalidInputError
from mlops.model import cross_validation, nested, search
from mlops.model.cross_validation import Validation
from mlops.model.nested import Nested
from mlops.model.search import FOLDS, Evaluation, Params
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase

SHARES = 2
# Trees of one share where the forest is grown in several.
TREES = 25


@dataclass(frozen=True, slots=True)
class SearchShare:
    """Some candidates, as (index, params), and the folds to score them on: each `only[1]`-th from `only[0]` on."""

    candidates: list[tuple[int, Params]]
    only: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FitShare:
    """A part of the fit: each `rounds[1]`-th round of validation from `rounds[0]` on, or trees from one to another."""

    rounds: tuple[int, int] | None = None
    trees: tuple[int, int] | None = None


def of_search(case: UseCase, rows: int, count: int | None = None, shares: int = SHARES) -> list[SearchShare]:
    """The candidates dealt into so many shares of about equal work; on many rows each fold is a share of its own."""
    count = case.search.candidates if count is None else count
    if count < 1 or shares < 1:
        raise InvalidInputError(f"{count} candidates in {shares} shares is no search: both must be at least 1")
    dealt = list(enumerate(search.candidates(case.search, count)))
    folds = [search.ALL] if rows <= search.FEW_ROWS else [(fold, FOLDS) for fold in range(FOLDS)]
    return [SearchShare(dealt[start::shares], its) for start in range(min(shares, count)) for its in folds]


def of_fit(case: UseCase, rows: int) -> list[FitShare]:
    """The rounds of validation; of very many rows also the trees of the forest, for growing them takes longest.

    Of few rows nothing: handing the work out would take as long as doing it.
    """
    if rows <= search.FEW_ROWS:
        return []
    its, trees = [FitShare(rounds=(first, FOLDS)) for first in range(FOLDS)], case.search.trees
    if rows > case.search.sample:
        its += [FitShare(trees=(first, min(first + TREES, trees))) for first in range(0, trees, TREES)]
    return its


def name(case: UseCase, evaluations: Iterable[Evaluation], share: FitShare) -> str:
    """What a share's result is kept under: the same work, the same name."""
    about = [case.search.seed, case.search.trees, [asdict(each) for each in evaluations], astuple(share)]
    return f"fit-{sha256(json.dumps(about).encode()).hexdigest()[:16]}"


def scores(
    case: UseCase, params: Params, evaluations: Sequence[Evaluation], rows: TrainingSet, share: FitShare
) -> list[NDArray[np.float64]]:
    """What a share's rounds found: of cross-validation first, then of nested cross-validation."""
    if share.rounds is None:
        return []
    validated, outer = cross_validation.rounds(case, rows), nested.rounds(case, evaluations, rows)
    work: list[Any] = [*validated, *outer]
    first, step = share.rounds
    return [
        cross_validation.score_round(case, params, rows, each.test)
        if isinstance(each, cross_validation.Round)
        else np.array(nested.score_round(case, rows, each))
        for each in work[first::step]
    ]


def join(
    case: UseCase,
    evaluations: Sequence[Evaluation],
    rows: TrainingSet,
    total: int,
    by_share: Sequence[Sequence[NDArray[np.float64]]],
) -> tuple[Validation, dict[str, Nested]]:
    """Both validations, of what the shares found in their order; `rows` are those validated of `total`."""
    validated, outer = cross_validation.rounds(case, rows), nested.rounds(case, evaluations, rows)
    found: list[Any] = [None] * (len(validated) + len(outer))
    for first, its in enumerate(by_share):
        found[first :: len(by_share)] = its
    return (
        cross_validation.gather(case, rows, total, zip(validated, found, strict=False)),
        nested.gather((of, its.tolist()) for of, its in zip(outer, found[len(validated) :], strict=True)),
    )
