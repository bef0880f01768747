"""Nested cross-validation: what chose a fold's winner never saw the fold."""

from dataclasses import replace

import numpy as np
import pytest

from mlops.model import nested, search
from mlops.model.search import Evaluation, Params
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase

CANDIDATES: list[tuple[int, Params]] = [(0, {"max_depth": 1}), (1, {"max_depth": 4}), (2, {"bootstrap": False})]


@pytest.fixture(scope="module")
def evaluations(small: UseCase, some_rows: TrainingSet) -> list[Evaluation]:
    evaluated, _ = search.evaluate(small, CANDIDATES, some_rows, repeats=1)
    return nested.inner(small, evaluated, some_rows)


def test_each_outer_fold_has_scores_from_inside_and_leaves(evaluations: list[Evaluation]) -> None:
    for each in evaluations:
        assert list(each.nested) == ["rows", "groups"]
        assert [len(line) for lines in each.nested.values() for line in lines] == [search.FOLDS + 1] * 10


def test_the_winners_of_the_outer_folds_are_scored_on_them(
    small: UseCase, some_rows: TrainingSet, evaluations: list[Evaluation]
) -> None:
    found = nested.outer(small, evaluations, some_rows)

    assert list(found) == ["rows", "groups"]
    for each in found.values():
        assert set(each.chosen) <= {0, 1, 2}
        assert len(each.accuracy) == len(each.log_loss) == len(each.chosen) == 5
        figures = each.to_json()
        assert 0.6 < figures["accuracy"] < 0.95
        assert figures["accuracy_error"] > 0


def test_shares_can_be_scored_apart(small: UseCase, some_rows: TrainingSet, evaluations: list[Evaluation]) -> None:
    apart = [nested.inner(small, [each], some_rows)[0] for each in evaluations]

    assert apart == evaluations


def test_labels_of_a_fold_do_not_choose_its_winner(small: UseCase, some_rows: TrainingSet) -> None:
    """With the first fold's labels turned round the scores inside it are the same."""
    name, test = next(iter(nested.outer_folds(small, some_rows)))
    turned = TrainingSet(some_rows.features, np.where(test, 1 - some_rows.labels, some_rows.labels))
    one, other = (nested.inner(small, [Evaluation(0, {"max_depth": 3}, ())], rows)[0] for rows in (some_rows, turned))

    assert one.nested[name][0] == other.nested[name][0]
    assert one.nested[name][1] != other.nested[name][1]


def test_of_many_rows_and_of_evaluations_without_it_there_is_none(
    small: UseCase, some_rows: TrainingSet, evaluations: list[Evaluation], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nested.outer(small, [replace(each, nested={}) for each in evaluations], some_rows) == {}
    monkeypatch.setattr(search, "FEW_ROWS", 299)
    assert nested.inner(small, evaluations[:1], some_rows) == evaluations[:1]
    assert nested.outer(small, evaluations, some_rows) == {}
