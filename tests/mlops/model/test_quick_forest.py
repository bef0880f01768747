"""The quick forest is scikit-learn's own, to the last bit."""

import numpy as np
import pytest

from mlops.model import quick_forest
from mlops.model.estimator import grow, score_unseen
from mlops.model.quick_forest import supported
from mlops.model.search import Params
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"max_depth": 4, "min_samples_leaf": 3, "max_features": 0.8, "max_samples": None},
        {"max_depth": 6, "min_samples_leaf": 20, "max_features": 0.4, "criterion": "entropy", "max_samples": 0.6},
        {"max_depth": None, "min_samples_leaf": 1, "max_features": 1.0, "criterion": "log_loss"},
        {"max_leaf_nodes": 12, "min_samples_leaf": 2, "max_features": "sqrt", "max_samples": 0.1},
    ],
)
def test_it_is_scikit_learns_forest(small: UseCase, training_rows: TrainingSet, params: Params) -> None:
    _, matrix = small.encoding.fit_transform(training_rows.features, training_rows.labels)
    known, unseen, labels = matrix[:700], matrix[700:], training_rows.labels[:700]
    theirs = grow(small.search, params, known, labels)

    assert supported(params)
    ours = quick_forest.grow(params, small.search.trees, small.search.seed, known, labels)
    assert ours.positive(unseen).tolist() == theirs.predict_proba(unseen)[:, 1].tolist()
    assert ours.leaves == np.mean([tree.get_n_leaves() for tree in theirs.estimators_])


@pytest.mark.parametrize(
    "params",
    [
        {"bootstrap": False},
        {"class_weight": "balanced"},
        {"n_estimators": 3},
        {"max_features": 2},
        {"max_depth": "deep"},
        {"min_samples_leaf": 0.1},
        {"max_samples": 50},
    ],
)
def test_what_it_does_not_know_is_left_to_scikit_learn(params: Params) -> None:
    assert not supported(params)


def test_either_way_the_scores_are_those_of_the_forest(small: UseCase, some_rows: TrainingSet) -> None:
    _, matrix = small.encoding.fit_transform(some_rows.features, some_rows.labels)
    for params in ({"max_depth": 3}, {"max_depth": 3, "class_weight": "balanced"}):
        scores, leaves = score_unseen(small.search, params, matrix[:200], some_rows.labels[:200], matrix[200:])
        forest = grow(small.search, params, matrix[:200], some_rows.labels[:200])
        assert scores.tolist() == forest.predict_proba(matrix[200:])[:, 1].tolist()
        assert leaves == np.mean([tree.get_n_leaves() for tree in forest.estimators_])


def test_of_rows_of_one_class_it_is_sure() -> None:
    rows = np.zeros((20, 2), np.float32)

    assert quick_forest.grow({}, 3, 1, rows, np.zeros(20, np.int64)).positive(rows).tolist() == [0.0] * 20
