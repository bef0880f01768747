"""Drift: none where nothing moved, and the right feature named where one did."""

import json
import random
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import ModelCorruptedError
from mlops.model.training_set import frame
from mlops.monitoring import drift
from mlops.statistics.reference import FORMAT, SAMPLE, reference
from mlops.use_case import Derived
from passengers import passenger
from titanic import USE_CASE

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1).filter(
    lambda pairs: any(a or b for a, b in pairs)
)


def crowd(seed: int, size: int, older: float = 0) -> list[Derived]:
    """Passengers of one distribution, made older by some years."""
    chance = random.Random(seed)
    return [
        USE_CASE.derive(
            passenger(
                chance.choices((1, 2, 3), (2, 2, 5))[0],
                f"Name {number}, {chance.choice(('Mr', 'Mrs', 'Miss'))}. First",
                chance.choice(("female", "male")),
                Age=max(0.0, chance.gauss(30, 14) + older) if chance.random() < 0.8 else None,
                Fare=chance.expovariate(1 / 30),
                Embarked=chance.choice("CQS"),
            )
        )
        for number in range(size)
    ]


def window(rows: list[Derived], shift: float = 0) -> list[dict[str, Any]]:
    return [{"features": row, "probability": score(row) + shift} for row in rows]


def score(row: Derived) -> float:
    return random.Random(json.dumps(row)).random() * 0.5


def stored(rows: list[Derived]) -> dict[str, Any]:
    """The reference of these rows, as training stores it."""
    features = frame(USE_CASE.features, [list(row.values()) for row in rows])
    return json.loads(json.dumps(reference(USE_CASE, features, list(map(score, rows)))))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return stored(crowd(seed=1, size=891))


def test_the_reference_counts_every_feature_but_the_keys(expected: dict[str, Any]) -> None:
    names = [feature.name for feature in USE_CASE.features if feature.type != "key"]
    assert [each["name"] for each in expected["features"]] == names
    assert {sum(each["counts"]) for each in (*expected["features"], expected["prediction"])} == {891}


def test_a_value_is_in_the_bin_that_it_had_in_training_whatever_type_a_frame_gave_it() -> None:
    """Flags and numbers are floats in a frame and whole in a request; categories of numbers are texts in a frame."""
    rows = crowd(seed=1, size=400)
    report = drift.compare(stored(rows), window(rows))

    assert {each["name"]: each["psi"] for each in report["features"] if each["psi"]} == {}
    assert report["prediction"]["psi"] == 0


def test_psi_by_hand() -> None:
    before, after = (100.5 / 201, 100.5 / 201), (150.5 / 201, 50.5 / 201)
    by_hand = sum((a - e) * log(a / e) for e, a in zip(before, after, strict=True))

    assert drift.psi([100, 100], [150, 50]) == pytest.approx(by_hand)
    assert drift.psi([100, 100, 0], [150, 50, 0]) == drift.psi([100, 100], [150, 50])


@given(COUNTS)
def test_psi_is_a_symmetric_divergence(pairs: list[tuple[int, int]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]

    assert drift.psi(one, other) == pytest.approx(drift.psi(other, one))
    assert drift.psi(one, other) >= 0
    assert drift.psi(one, one) == 0


def test_no_drift_in_fifty_windows_of_the_same_distribution(expected: dict[str, Any]) -> None:
    reports = [drift.compare(expected, window(crowd(seed, 200))) for seed in range(100, 150)]

    assert {report["status"] for report in reports} == {"ok"}


def test_rows_ten_years_older_are_drift_of_age_and_of_nothing_else(expected: dict[str, Any]) -> None:
    report = drift.compare(expected, window(crowd(seed=2, size=1000, older=10)))

    assert report["status"] == "drift"
    assert [each["name"] for each in report["features"] if each["status"] == "drift"] == ["age"]
    assert report["prediction"]["status"] == "ok"


def test_scores_that_move_are_drift_of_the_prediction(expected: dict[str, Any]) -> None:
    report = drift.compare(expected, window(crowd(seed=3, size=500), shift=0.1))

    assert report["status"] == report["prediction"]["status"] == "drift"


def test_a_column_that_is_no_longer_recorded_is_drift(expected: dict[str, Any]) -> None:
    rows = [{**row, "fare": None} for row in crowd(seed=4, size=300)]
    fare = next(each for each in drift.compare(expected, window(rows))["features"] if each["name"] == "fare")

    assert fare["status"] == "drift"
    assert (fare["bins"][-1], fare["current"][-1]) == ("missing", 1)


@pytest.mark.parametrize("size", [0, 1, drift.MINIMUM_SAMPLE - 1])
def test_a_small_window_gets_no_verdict(expected: dict[str, Any], size: int) -> None:
    report = drift.compare(expected, window(crowd(seed=5, size=size, older=50)))

    assert report["status"] == "insufficient_data"
    assert {each["status"] for each in report["features"]} == {"insufficient_data"}


def test_a_reference_of_another_format_is_refused(expected: dict[str, Any]) -> None:
    with pytest.raises(ModelCorruptedError, match="train the model again"):
        drift.compare({**expected, "format": FORMAT - 1}, [])


def test_each_feature_is_tested_and_p_values_are_corrected_together(expected: dict[str, Any]) -> None:
    report = drift.compare(expected, window(crowd(seed=6, size=500, older=10)))
    each = {one["name"]: one["test"] for one in (*report["features"], report["prediction"])}

    assert {name for name, test in each.items() if test["name"] == "kolmogorov-smirnov"} == {
        *("age", "sibsp", "parch", "family_size", "fare", "probability")
    }
    assert each["age"]["adjusted_p"] < 1e-6 < drift.ALPHA < each["sex"]["adjusted_p"]
    assert all(test["p_value"] <= test["adjusted_p"] <= 1 for test in each.values())


def test_a_long_sample_is_thinned_with_the_same_verdicts() -> None:
    rows = crowd(seed=7, size=20_000)
    expected = stored(rows)
    age = next(each for each in expected["features"] if each["name"] == "age")

    assert len(age["sample"]) == SAMPLE
    assert age["sample"].count(None) == pytest.approx(0.2 * SAMPLE, abs=20)
    assert drift.compare(expected, window(crowd(seed=8, size=500)))["status"] == "ok"
    assert drift.compare(expected, window(crowd(seed=8, size=500, older=10)))["status"] == "drift"


@pytest.mark.parametrize(
    ("psi", "adjusted_p", "status"),
    [(0.3, 0.001, "drift"), (0.3, 0.5, "watch"), (0.05, 0.001, "watch"), (0.15, 0.5, "watch"), (0.05, 0.5, "ok")],
)
def test_a_shift_is_drift_if_it_is_large_and_not_chance(psi: float, adjusted_p: float, status: str) -> None:
    assert drift.verdict(psi, adjusted_p) == status


@pytest.mark.parametrize(
    ("right", "labelled", "status"),
    [
        (0, 0, "insufficient_data"),
        (0, 99, "insufficient_data"),
        (80, 100, "ok"),
        (710, 1000, "watch"),
        (600, 1000, "drift"),
    ],
)
def test_performance_is_judged_by_intervals(right: int, labelled: int, status: str) -> None:
    held_out = {"accuracy": 0.8, "accuracy_interval": [0.7, 0.9]}

    assert drift.performance(right, labelled, held_out)["status"] == status
