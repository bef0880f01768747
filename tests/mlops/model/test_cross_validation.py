"""Cross-validation: every row is judged by models that did not see it, once in each repeat."""

import numpy as np
import pytest

from mlops.model.cross_validation import FOLDS, REPEATS, Validation, validate
from mlops.ports import FeatureRow
from titanic.features import Derived


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.model.estimator.TREES", 5)


@pytest.fixture(scope="module")
def rows(feature_rows: list[FeatureRow]) -> list[Derived]:
    return [row.features for row in feature_rows[:300]]


def test_of_fates_drawn_by_lot_nothing_is_known(rows: list[Derived]) -> None:
    """Trees this deep know every fate that they have seen, and none that they have not."""
    lots = np.random.default_rng(1).integers(0, 2, len(rows)).tolist()

    found = validate({"bootstrap": False}, rows, lots)
    assert len(found.fold_scores) == FOLDS * REPEATS
    assert found.accuracy < 0.6
    assert np.mean([(p > 0.5) == lot for p, lot in zip(found.probabilities, lots, strict=True)]) < 0.6


def test_with_and_without_companions_are_all(rows: list[Derived], feature_rows: list[FeatureRow]) -> None:
    found = validate({}, rows, [row.survived for row in feature_rows[:300]]).to_json(6)

    apart = [found["with_companions"], found["without_companions"]]
    assert sum(part["rows"] for part in apart) == 300
    assert all(0 < part["rows"] < 300 for part in apart)
    assert sum(part["rows"] * part["accuracy"] for part in apart) / 300 == pytest.approx(found["accuracy"], abs=0.01)


def test_the_interval_is_nadeau_and_bengio_s() -> None:
    scores = tuple([0.8, 0.84] * 12 + [0.82])
    found = Validation(scores, np.zeros((1, 1), bool), np.zeros((1, 1), bool), (0.5,))

    # By hand: s = 0.02, t(0.975, 24) = 2.0639, and a factor of sqrt(1/25 + 1/4).
    assert found.interval == pytest.approx((0.82 - 0.02223, 0.82 + 0.02223), abs=1e-5)
