"""The portable forest scores as scikit-learn's does, row by row and many at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from mlops.model.estimator import grow, portable
from mlops.model.forest import MANY, Forest
from mlops.use_case import Search

GENERATOR = np.random.default_rng(3)
MATRIX = GENERATOR.normal(size=(400, 5)).astype(np.float32)
LABELS = (MATRIX[:, 0] + MATRIX[:, 1] * MATRIX[:, 2] + GENERATOR.normal(size=400) > 0).astype(np.int64)


@pytest.fixture(scope="module")
def estimator() -> RandomForestClassifier:
    return grow(Search({}, trees=30), {"max_depth": 9}, MATRIX, LABELS)


@pytest.fixture(scope="module")
def forest(estimator: RandomForestClassifier) -> Forest:
    return portable(estimator)


@pytest.mark.parametrize("count", [1, MANY - 1, MANY, 300])
def test_any_number_of_rows_scores_as_scikit_learn_does(
    estimator: RandomForestClassifier, forest: Forest, count: int
) -> None:
    rows = MATRIX[:count].astype(float).tolist()

    assert forest.probabilities(rows) == estimator.predict_proba(MATRIX[:count])[:, 1].tolist()


def test_no_rows_have_no_probabilities(forest: Forest) -> None:
    assert forest.probabilities([]) == []
    assert forest.explanations([]) == []


def test_inputs_are_rounded_to_float32_before_they_are_compared(
    estimator: RandomForestClassifier, forest: Forest
) -> None:
    """Values a hair above a threshold in float64, but on it in float32, are where careless scorers differ."""
    trees = [each.tree_ for each in estimator.estimators_]
    edges = [(tree.feature[i], tree.threshold[i]) for tree in trees for i in np.flatnonzero(tree.children_left >= 0)]
    rows = np.zeros((len(edges), 5))
    for row, (feature, threshold) in zip(rows, edges, strict=True):
        row[feature] = np.nextafter(np.float64(np.float32(threshold)), np.inf)

    expected = estimator.predict_proba(rows)[:, 1].tolist()
    assert forest.probabilities(rows.tolist()) == expected
    assert [forest.probabilities([row])[0] for row in rows.tolist()] == expected


@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=5, max_size=5))
def test_one_by_one_and_together_are_the_same(forest: Forest, row: list[float]) -> None:
    (alone,) = forest.probabilities([row])

    assert forest.probabilities([row] * MANY) == [alone] * MANY
    assert forest.explanations([row] * MANY) == forest.explanations([row]) * MANY


def test_contributions_add_up_and_the_base_is_the_forests_own_rate(forest: Forest) -> None:
    rows = MATRIX[:50].astype(float).tolist()
    for row, (probability, base, shares) in zip(rows, forest.explanations(rows), strict=True):
        assert probability == forest.probabilities([row])[0]
        assert base + sum(shares) == pytest.approx(probability, abs=1e-12)
        assert base == pytest.approx(LABELS.mean(), abs=0.05)


def test_contributions_follow_the_path_of_the_row() -> None:
    """One tree, worked by hand: 0.4 at the root; column 1 splits it into 0.1 and 0.7, then column 0 into 0.5 and 1."""
    inf = float("inf")
    tree = Forest(
        columns=2,
        depth=2,
        roots=[0],
        feature=[1, 0, 0, 0, 0],
        threshold=[2.0, inf, 5.0, inf, inf],
        left=[1, 1, 3, 3, 4],
        right=[2, 1, 4, 3, 4],
        value=[0.4, 0.1, 0.7, 0.5, 1.0],
    )

    for times in (1, MANY):
        explained = tree.explanations([[0.0, 2.0], [6.0, 3.0]] * times)
        assert explained[0] == (0.1, 0.4, pytest.approx([0.0, -0.3]))
        assert explained[1] == (1.0, 0.4, pytest.approx([0.3, 0.3]))
