"""A run that is shared out among functions is the run of one: the same version, whatever was lost on the way."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.errors import DatasetNotFoundError
from mlops.features.stores import FeatureRow
from mlops.model import cross_validation, search
from mlops.model.search import Evaluation, Failure
from mlops.registry.versions import Registry
from mlops.training import shares
from mlops.training.kept_rows import KeptRows
from mlops.training.shares import FitShare, of_fit, of_search
from mlops.training.train import Run
from mlops.training.workspace import PREFIX
from mlops.use_case import UseCase

DATASET = "list"
CANDIDATES = 3
ROWS = 300

Make = Callable[[UseCase], Run]


@pytest.fixture(params=["few rows", "many rows", "very many rows"])
def limited(request: pytest.FixtureRequest, small: UseCase, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    """The use case; the limits are moved, not the rows."""
    if request.param != "few rows":
        monkeypatch.setattr(search, "FEW_ROWS", 200)
        monkeypatch.setattr(cross_validation, "MAX_ROWS", 150)
    few = replace(
        small.search,
        trees=30 if request.param == "very many rows" else 4,
        sample=100 if request.param == "very many rows" else 50_000,
    )
    return replace(small, search=few)


@pytest.fixture
def make(feature_rows: list[FeatureRow]) -> Make:
    def run(case: UseCase) -> Run:
        offline = MemoryOfflineStore(case)
        offline.write(DATASET, case.schema_hash, feature_rows[:ROWS])
        return Run(case, offline, Registry(MemoryObjectStore(), "models", case), DATASET, case.schema_hash)

    return run


def prepared(run: Run) -> list[Evaluation]:
    """What the search's shares found; of very many rows, on rows that were prepared."""
    if len(run.offline.read(DATASET, run.schema_hash)) > run.case.search.sample:
        run.prepare()
    rows = run.offline.count(DATASET, run.schema_hash)
    its = of_search(run.case, rows, CANDIDATES)
    return [each for share in its for each in run.evaluate(share.candidates, only=share.only)[0]]


def kept(run: Run) -> list[str]:
    return list(run.workspace.objects.keys("models", PREFIX))


def test_shared_out_or_not_it_is_the_same_version(limited: UseCase, make: Make) -> None:
    alone, shared = make(limited), make(limited)
    its = of_search(limited, 0, CANDIDATES, 1)[0].candidates
    version = alone.fit(alone.evaluate(its)[0]).version

    evaluations = prepared(shared)
    names = [shared.fit_share(evaluations, (), share) for share in of_fit(limited, ROWS)]
    assert {f"{PREFIX}{shared.workspace.folder}/{name}.npz" for name in names} <= set(kept(shared))
    assert not kept(alone)
    assert shared.fit(evaluations).version == version


def test_a_share_that_is_lost_is_made_anew(limited: UseCase, make: Make) -> None:
    run = make(limited)
    evaluations = prepared(run)
    for share in of_fit(limited, ROWS):
        run.fit_share(evaluations, (), share)
    version = run.fit(evaluations).version
    for key in kept(run)[::2]:
        run.workspace.objects.delete("models", key)
    assert run.fit(evaluations).version == version


@pytest.mark.parametrize("limited", ["many rows", "very many rows"], indirect=True)
def test_shares_are_used(limited: UseCase, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(limited)
    evaluations = prepared(run)
    for share in of_fit(limited, ROWS):
        run.fit_share(evaluations, (), share)

    def made_again(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(shares, "scores", made_again)
    monkeypatch.setattr("mlops.training.train.grow_trees", made_again)
    assert run.fit(evaluations).version


def test_the_work_of_another_search_is_not_taken(limited: UseCase, make: Make) -> None:
    run = make(limited)
    evaluations = prepared(run)
    share = FitShare(rounds=(0, 1))
    other = [replace(each, fold_scores=tuple(score - 1 for score in each.fold_scores)) for each in evaluations]
    seeded = replace(limited, search=replace(limited.search, seed=1))

    names = {shares.name(limited, evaluations, share), shares.name(limited, other, share)}
    names |= {shares.name(seeded, evaluations, share), shares.name(limited, evaluations, FitShare(trees=(0, 1)))}
    assert len(names) == 4


@pytest.mark.parametrize(("rows", "expected"), [(2000, []), (2001, [(fold, 5) for fold in range(5)])])
def test_each_round_and_each_tree_is_in_one_share(small: UseCase, rows: int, expected: list[tuple[int, int]]) -> None:
    case = replace(small, search=replace(small.search, trees=60, sample=2000))
    its = of_fit(case, rows)

    assert [each.rounds for each in its if each.rounds] == expected
    assert [each.trees for each in its if each.trees] == ([(0, 25), (25, 50), (50, 60)] if rows > 2000 else [])


def test_of_many_rows_each_fold_is_a_share_of_its_own(small: UseCase) -> None:
    assert [each.only for each in of_search(small, 2000, 4)] == [search.ALL, search.ALL]
    assert [(each.only, len(each.candidates)) for each in of_search(small, 2001, 4)] == [
        ((fold, 5), 2) for _ in range(2) for fold in range(5)
    ]


def test_evaluations_on_shares_of_the_folds_are_joined() -> None:
    parts = [
        Evaluation(1, {}, (0.2, 0.4), 3.0, only=(1, 2)),
        Evaluation(0, {}, (0.9,), 2.0),
        Evaluation(1, {}, (0.1, 0.3, 0.5), 8.0, only=(0, 2)),
        Evaluation(2, {}, (0.7,), 1.0, only=(4, 5)),
        Evaluation(4, {}, (0.7, 0.8), 1.0, only=(0, 5)),
    ]
    joined, failed = search.join(parts, [Failure(2, {}, "first"), Failure(2, {}, "second"), Failure(3, {}, "lost")])

    assert joined == [Evaluation(0, {}, (0.9,), 2.0), Evaluation(1, {}, (0.1, 0.2, 0.3, 0.4, 0.5), 6.0)]
    assert [(each.index, each.reason) for each in failed] == [
        (3, "lost"),
        (2, "first"),
        (4, "1 of 5 shares of its folds are there"),
    ]


def test_rows_come_back_from_the_workspace_as_they_were(small: UseCase, make: Make) -> None:
    run = make(small)
    rows = run.offline.read(DATASET, small.schema_hash)
    run.workspace.keep_rows("rows", rows)
    found = run.workspace.rows("rows")

    assert found is not None
    assert_frame_equal(found.features, rows.features)
    assert found.ids == rows.ids
    assert (found.labels == rows.labels).all()
    assert found.labels.dtype == np.int64
    assert run.workspace.rows("others") is None


def test_what_a_run_keeps_is_not_read_from_the_database(small: UseCase, make: Make) -> None:
    run = make(small)
    store = KeptRows(small, run.offline, run.registry)
    run.prepare()
    version, schema = run.dataset_version, small.schema_hash
    kept = store.read(version, schema)
    assert_frame_equal(kept.features, run.offline.read(version, schema).features)
    assert isinstance(run.offline, MemoryOfflineStore)
    run.offline._sets.clear()
    assert store.read(version, schema).ids == kept.ids
    with pytest.raises(DatasetNotFoundError):
        store.read("another", schema)
