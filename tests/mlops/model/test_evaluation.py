"""The figures of a model card, on cases that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from mlops.model import evaluation
from mlops.model.training_set import TrainingSet, training_set
from mlops.use_case import Baseline, Slice, UseCase
from passengers import passenger

LABELS = [1, 1, 0, 0]
PROBABILITIES = [0.8, 0.4, 0.6, 0.2]


@pytest.fixture
def rows(case: UseCase) -> TrainingSet:
    people = [
        passenger(1, "Astor, Mrs. Madeleine", "female", Age=18.0),
        passenger(3, "Sandstrom, Miss. Beatrice", "female", Age=1.0),
        passenger(3, "Braund, Mr. Owen", "male"),
        passenger(3, "Svensson, Mr. Johan", "male", Age=74.0),
    ]
    named = zip("abcd", LABELS, people, strict=True)
    return training_set(case.features, ((name, label, list(case.derive(row).values())) for name, label, row in named))


def test_metrics() -> None:
    figures = evaluation.metrics(LABELS, PROBABILITIES)

    assert figures["rows"] == 4
    assert figures["accuracy"] == 0.5
    assert figures["confusion"] == {"tn": 1, "fp": 1, "fn": 1, "tp": 1}
    assert figures["roc_auc"] == 0.75
    assert figures["brier"] == pytest.approx((0.04 + 0.36 + 0.36 + 0.04) / 4)
    assert figures["log_loss"] == pytest.approx(0.569717, abs=1e-6)


def test_curves_begin_and_end_where_they_must() -> None:
    curves = evaluation.curves(LABELS, PROBABILITIES)

    assert curves["roc"][0] == {"false_positive_rate": 0.0, "true_positive_rate": 0.0}
    assert curves["roc"][-1] == {"false_positive_rate": 1.0, "true_positive_rate": 1.0}
    assert curves["calibration"][0]["predicted"] == 0.2


def test_a_roc_curve_of_many_points_is_thinned_and_keeps_its_ends() -> None:
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 2, 5000).tolist()

    roc = evaluation.curves(labels, chance.random(5000).tolist())["roc"]
    assert len(roc) == evaluation.MAX_POINTS
    assert [point["true_positive_rate"] for point in (roc[0], roc[-1])] == [0.0, 1.0]


def test_slices_hold_every_row_once_for_each_feature(case: UseCase, rows: TrainingSet) -> None:
    slices = evaluation.slices(case.slices, rows, PROBABILITIES)
    found = {(each["feature"], each["value"]): each for each in slices}

    assert {name for name, _ in found} == {"sex", "pclass", "age"}
    for feature in ("sex", "pclass", "age"):
        assert sum(each["rows"] for (name, _), each in found.items() if name == feature) == 4
    assert found["sex", "female"] == {
        "feature": "sex", "value": "female", "rows": 2, "accuracy": 0.5, "positive": 1.0, "probability": 0.6,
    }  # fmt: skip
    assert found["age", "not recorded"]["probability"] == 0.6
    assert found["age", "over 50"]["positive"] == 0.0
    assert found["age", "teenager, up to 18"]["rows"] == 1
    order = [each.feature for each in case.slices]
    assert [name for name, _ in found] == sorted((name for name, _ in found), key=order.index)


def test_members_of_slices_are_positions_of_rows(case: UseCase, training_rows: TrainingSet) -> None:
    members = evaluation.members(case.slices, training_rows.features)

    for feature in ("sex", "pclass", "age"):
        positions = [place for (name, _), places in members.items() if name == feature for place in places]
        assert sorted(positions) == list(range(891))
    women = training_rows.features["sex"].iloc[members["sex", "female"]]
    assert set(women) == {"female"}


def test_a_number_is_sliced_by_upper_bounds() -> None:
    by_age = Slice("age", ((12, "child"), (120, "adult")))

    assert [by_age.value(age) for age in (0, 12, 12.5, 120, None)] == [
        "child",
        "child",
        "adult",
        "adult",
        "not recorded",
    ]
    assert Slice("sex").value("female") == "female"


def test_baselines_are_measured_on_the_same_rows_the_majority_class_first(case: UseCase, rows: TrainingSet) -> None:
    """The majority is of the training rows: three of four of class 0, who are half of the rows judged."""
    training = TrainingSet(rows.features, np.array([0, 0, 0, 1]))

    majority, women, _ = evaluation.baselines(case, training, rows)
    assert (majority["name"], majority["accuracy"]) == ("Majority class", 0.5)
    assert (women["name"], women["accuracy"]) == ("Women survive", 1.0)
    low, high = majority["interval"]
    assert low < 0.5 < high

    contrary = replace(case, baselines=(Baseline.rule("Men survive", lambda row: int(row["sex"] == "male")),))
    assert evaluation.baselines(contrary, training, rows)[1]["accuracy"] == 0.0
