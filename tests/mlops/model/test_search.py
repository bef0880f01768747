"""The search is scikit-learn's own randomised search, taken apart so that it can be spread."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

import one_process
from mlops.model import search
from mlops.model.estimator import score_unseen
from mlops.model.search import Evaluation
from mlops.model.training_set import TrainingSet
from mlops.use_case import Search, UseCase

BEST = Search(space={})


@pytest.mark.parametrize(("scoring", "choose"), [("accuracy", "best"), ("log_loss", "best"), ("log_loss", "simplest")])
def test_spread_over_shares_it_is_scikit_learns_own_search(
    small: UseCase,
    some_rows: TrainingSet,
    scoring: Literal["accuracy", "log_loss"],
    choose: Literal["best", "simplest"],
) -> None:
    case = replace(small, search=replace(small.search, scoring=scoring, choose=choose))
    candidates = list(enumerate(search.candidates(case.search, 6)))
    shares = [search.evaluate(case, share, some_rows) for share in (candidates[1::2], candidates[::2])]
    spread = [each for evaluations, _ in shares for each in evaluations]

    whole = one_process.searched(case, some_rows, candidates=6)

    results = whole.cv_results_
    for each in spread:
        assert each.params == results["params"][each.index]
        assert each.mean == pytest.approx(results["mean_test_score"][each.index], abs=1e-12)
        of_folds = [results[f"split{fold}_test_score"][each.index] for fold in range(search.FOLDS * search.REPEATS)]
        assert list(each.fold_scores) == pytest.approx(of_folds, abs=1e-12)
    assert search.winner(case.search, spread).index == whole.best_index_


def test_by_log_loss_the_better_calibrated_candidate_wins(small: UseCase, some_rows: TrainingSet) -> None:
    by_loss = replace(small, search=replace(small.search, scoring="log_loss"))
    deep, shallow = (0, {"min_samples_leaf": 1, "bootstrap": False}), (1, {"min_samples_leaf": 10})

    found, _ = search.evaluate(by_loss, [deep, shallow], some_rows)
    assert all(score < 0 for each in found for score in each.fold_scores)
    assert search.winner(BEST, found).index == 1


def test_of_equals_the_first_wins_in_whatever_order_they_come() -> None:
    tied = [Evaluation(2, {}, (0.8, 0.8)), Evaluation(1, {}, (0.7, 0.9)), Evaluation(0, {}, (0.7, 0.8))]

    assert search.winner(BEST, tied).index == 1


def test_the_simplest_of_those_that_chance_does_not_tell_from_the_best_wins() -> None:
    best = Evaluation(0, {}, (-0.40, -0.42, -0.44), leaves=40)
    as_good = Evaluation(1, {}, (-0.41, -0.41, -0.45), leaves=10)
    simple_and_worse = Evaluation(2, {}, (-0.50, -0.52, -0.54), leaves=4)

    assert search.winner(replace(BEST, choose="simplest"), [best, as_good, simple_and_worse]).index == 1
    assert search.winner(BEST, [best, as_good, simple_and_worse]).index == 0


def test_folds_hold_every_row_once_and_both_classes(some_rows: TrainingSet) -> None:
    labels = some_rows.labels
    tests: list[int] = []
    for train, test in search.splits(labels, seed=1):
        assert not set(train) & set(test)
        assert set(labels[test]) == {0, 1}
        tests += test.tolist()
    assert sorted(tests) == list(range(len(labels)))


def test_of_many_rows_a_sample_is_looked_at_the_same_for_the_same_rows(
    some_rows: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert search.sample(some_rows, seed=1) is some_rows
    monkeypatch.setattr(search, "MAX_ROWS", 200)

    sample = search.sample(some_rows, seed=1)
    assert (len(sample), len(set(sample.ids))) == (200, 200)
    assert sample.ids == search.sample(some_rows, seed=1).ids != search.sample(some_rows, seed=2).ids
    assert sample.labels.mean() == pytest.approx(some_rows.labels.mean(), abs=0.01)


def test_a_candidate_that_fails_is_reported_and_takes_no_other_with_it(small: UseCase, some_rows: TrainingSet) -> None:
    good, bad = (0, {"max_depth": 3}), (1, {"max_depth": "deep"})

    evaluations, failures = search.evaluate(small, [bad, good], some_rows)
    assert evaluations == search.evaluate(small, [good], some_rows)[0]
    assert [(each.index, each.params) for each in failures] == [bad]
    assert "max_depth" in failures[0].reason


def test_a_candidate_that_fails_once_is_tried_again(
    small: UseCase, some_rows: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []

    def flaky(*arguments: Any) -> Any:
        if not failed:
            failed.append(1)
            raise MemoryError("for a moment")
        return score_unseen(*arguments)

    expected = search.evaluate(small, [(0, {"max_depth": 3})], some_rows)
    monkeypatch.setattr(search, "score_unseen", flaky)
    assert search.evaluate(small, [(0, {"max_depth": 3})], some_rows) == expected
    assert failed


def test_the_same_seed_draws_the_same_candidates(case: UseCase) -> None:
    first = search.candidates(case.search, 8)

    assert first == search.candidates(case.search, 8)
    assert first != search.candidates(replace(case.search, seed=1), 8)
    assert all(value in case.search.space[name] for params in first for name, value in params.items())
    assert np.isfinite([len(params) for params in first]).all()
