"""Cross-validation: every row is judged by models that did not see it, once in each repeat."""

from dataclasses import replace

import numpy as np
import pytest

from mlops.model import cross_validation
from mlops.model.cross_validation import FOLDS, REPEATS, Validation, validate
from mlops.model.table_encoder import TableEncoding
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase


def test_labels_drawn_by_lot_cannot_be_predicted(small: UseCase, some_rows: TrainingSet) -> None:
    """Trees this deep know every label that they have seen, and none that they have not."""
    lots = TrainingSet(some_rows.features, np.random.default_rng(1).integers(0, 2, len(some_rows)))

    found = validate(small, {"bootstrap": False}, lots)
    assert len(found.fold_scores) == FOLDS * REPEATS
    assert found.accuracy < 0.6
    assert np.mean((found.probabilities > 0.5) == lots.labels) < 0.6
    assert found.against_prior()["gain_at_least"] < 0


def test_rows_of_known_and_of_unknown_groups_are_all(small: UseCase, some_rows: TrainingSet) -> None:
    found = validate(small, {}, some_rows).to_json(6)

    apart = [found["known_groups"], found["unknown_groups"]]
    assert sum(part["rows"] for part in apart) == 300
    assert all(0 < part["rows"] < 300 for part in apart)
    assert sum(part["rows"] * part["accuracy"] for part in apart) / 300 == pytest.approx(found["accuracy"], abs=0.01)


def test_without_groups_nothing_is_said_of_them(small: UseCase, some_rows: TrainingSet) -> None:
    plain = replace(small, encoding=TableEncoding(small.features))

    found = validate(plain, {"max_depth": 4}, some_rows).to_json(6)
    assert {"known_groups", "unknown_groups"}.isdisjoint(found)
    assert found["log_loss"] < found["prior_log_loss"]


def test_many_rows_are_validated_once(small: UseCase, some_rows: TrainingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_validation, "MANY_ROWS", 299)

    assert len(validate(small, {"max_depth": 2}, some_rows).fold_scores) == FOLDS


def test_the_gain_over_the_class_prior_by_hand() -> None:
    """Four rows, half of class 1: the prior gives ln 2 for each; a model that is sure by 0.8 is better by ln 1.6."""
    labels = np.array([0, 1, 0, 1])
    sure = Validation(labels, (1.0,), np.array([[0.2, 0.8, 0.2, 0.8]]), None).against_prior()

    assert sure["prior_log_loss"] == pytest.approx(np.log(2))
    assert sure["log_loss"] == pytest.approx(-np.log(0.8))
    assert sure["gain_at_least"] == pytest.approx(np.log(1.6))  # the differences are all the same

    # One row in four is wrong by 0.8: the mean gain is (3 ln 1.6 + ln 0.4) / 4, its standard deviation ln 4 / 2.
    mixed = Validation(labels, (0.75,), np.array([[0.2, 0.8, 0.8, 0.8]]), None).against_prior()
    mean, deviation = (3 * np.log(1.6) + np.log(0.4)) / 4, np.log(4) / 2
    assert mixed["gain_at_least"] == pytest.approx(mean - 1.645 * deviation / 2)


def test_a_model_that_is_sure_and_wrong_has_a_finite_loss() -> None:
    sure = Validation(np.array([0, 1, 1]), (0.0,), np.array([[1.0, 0.0, 0.0]]), None).against_prior()

    assert all(np.isfinite(value) for value in sure.values())


def test_the_interval_is_the_corrected_resampled_t_test() -> None:
    scores = tuple([0.8, 0.84] * 12 + [0.82])
    found = Validation(np.array([0]), scores, np.zeros((1, 1)), np.zeros((1, 1), bool))

    # By hand: s = 0.02, t(0.975, 24) = 2.0639, and a factor of sqrt(1/25 + 1/4).
    assert found.interval == pytest.approx((0.82 - 0.02223, 0.82 + 0.02223), abs=1e-5)
