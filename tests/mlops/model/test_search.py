"""The search is scikit-learn's own randomised search, taken apart so that it can be spread."""

from typing import Any

import pytest

import one_process
from mlops.model import search
from mlops.model.estimator import grow
from mlops.model.search import Evaluation
from mlops.ports import FeatureRow
from titanic.features import Derived


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.model.estimator.TREES", 5)


@pytest.fixture(scope="module")
def rows(feature_rows: list[FeatureRow]) -> list[Derived]:
    return [row.features for row in feature_rows[:300]]


@pytest.fixture(scope="module")
def survived(feature_rows: list[FeatureRow]) -> list[int]:
    return [row.survived for row in feature_rows[:300]]


def test_spread_over_shares_it_is_scikit_learns_own_search(rows: list[Derived], survived: list[int]) -> None:
    candidates = list(enumerate(search.candidates(6)))
    shares = [search.evaluate(share, rows, survived) for share in (candidates[1::2], candidates[::2])]
    spread = [each for evaluations, _ in shares for each in evaluations]

    whole = one_process.searched(rows, survived, candidates=6)

    results = whole.cv_results_
    for each in spread:
        assert each.params == results["params"][each.index]
        assert each.mean == results["mean_test_score"][each.index]
        assert list(each.fold_scores) == [results[f"split{k}_test_score"][each.index] for k in range(search.FOLDS)]
    assert search.winner(spread).index == whole.best_index_


def test_of_equals_the_first_wins_in_whatever_order_they_come() -> None:
    tied = [Evaluation(2, {}, (0.8, 0.8)), Evaluation(1, {}, (0.7, 0.9)), Evaluation(0, {}, (0.7, 0.8))]

    assert search.winner(tied).index == 1


def test_folds_hold_every_row_once_and_both_classes(survived: list[int]) -> None:
    tests = []
    for train, test in search.splits(survived):
        assert not set(train) & set(test)
        assert {survived[i] for i in test} == {0, 1}
        tests += test
    assert sorted(tests) == list(range(len(survived)))


def test_a_candidate_that_fails_is_reported_and_takes_no_other_with_it(
    rows: list[Derived], survived: list[int]
) -> None:
    good, bad = (0, {"max_depth": 3}), (1, {"max_depth": "deep"})

    evaluations, failures = search.evaluate([bad, good], rows, survived)
    assert evaluations == search.evaluate([good], rows, survived)[0]
    assert [(each.index, each.params) for each in failures] == [bad]
    assert "max_depth" in failures[0].reason


def test_a_candidate_that_fails_once_is_tried_again(
    rows: list[Derived], survived: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []

    def flaky(*arguments: Any) -> Any:
        if not failed:
            failed.append(1)
            raise MemoryError("for a moment")
        return grow(*arguments)

    expected = search.evaluate([(0, {"max_depth": 3})], rows, survived)
    monkeypatch.setattr(search, "grow", flaky)
    assert search.evaluate([(0, {"max_depth": 3})], rows, survived) == expected
    assert failed
