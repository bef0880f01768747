"""Drift: quiet when nothing moved, loud when the world did."""

import json
import random
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import ModelCorruptedError
from mlops.monitoring import drift
from titanic.features import REGISTRY, Derived, derive
from titanic.passenger import Passenger

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1).filter(
    lambda pairs: any(a or b for a, b in pairs)
)


def crowd(seed: int, size: int, older: float = 0) -> list[Derived]:
    """Passengers of one distribution, made older by some years."""
    chance = random.Random(seed)
    return [
        derive(
            Passenger(
                pclass=chance.choices((1, 2, 3), (2, 2, 5))[0],
                name=f"Name {number}, {chance.choice(('Mr', 'Mrs', 'Miss'))}. First",
                sex=chance.choice(("female", "male")),
                age=max(0.0, chance.gauss(30, 14) + older) if chance.random() < 0.8 else None,
                fare=chance.expovariate(1 / 30),
                embarked=chance.choice("CQS"),
            )
        )
        for number in range(size)
    ]


def window(rows: list[Derived], shift: float = 0) -> list[dict[str, Any]]:
    return [{"features": row, "probability": score(row) + shift} for row in rows]


def score(row: Derived) -> float:
    return random.Random(json.dumps(row)).random() * 0.5


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    rows = crowd(seed=1, size=891)
    return json.loads(json.dumps(drift.reference(rows, list(map(score, rows)))))


def test_the_reference_counts_every_feature_but_the_keys(reference: dict[str, Any]) -> None:
    assert [each["name"] for each in reference["features"]] == [f.name for f in REGISTRY if f.type != "key"]
    assert {sum(each["counts"]) for each in (*reference["features"], reference["prediction"])} == {891}


def test_psi_by_hand() -> None:
    expected, actual = (100.5 / 201, 100.5 / 201), (150.5 / 201, 50.5 / 201)
    by_hand = sum((a - e) * log(a / e) for e, a in zip(expected, actual, strict=True))

    assert drift.psi([100, 100], [150, 50]) == pytest.approx(by_hand)
    assert drift.psi([100, 100, 0], [150, 50, 0]) == drift.psi([100, 100], [150, 50])


@given(COUNTS)
def test_psi_is_a_symmetric_divergence(pairs: list[tuple[int, int]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]

    assert drift.psi(one, other) == pytest.approx(drift.psi(other, one))
    assert drift.psi(one, other) >= 0
    assert drift.psi(one, one) == 0


def test_no_alarm_in_fifty_windows_of_the_same_world(reference: dict[str, Any]) -> None:
    reports = [drift.compare(reference, window(crowd(seed, 200))) for seed in range(100, 150)]

    assert {report["status"] for report in reports} == {"ok"}


def test_people_ten_years_older_are_drift_of_age_and_of_nothing_else(reference: dict[str, Any]) -> None:
    report = drift.compare(reference, window(crowd(seed=2, size=1000, older=10)))

    assert report["status"] == "drift"
    assert [each["name"] for each in report["features"] if each["status"] == "drift"] == ["age"]
    assert report["prediction"]["status"] == "ok"


def test_scores_that_move_are_drift_of_the_prediction(reference: dict[str, Any]) -> None:
    report = drift.compare(reference, window(crowd(seed=3, size=500), shift=0.1))

    assert report["status"] == report["prediction"]["status"] == "drift"


def test_a_column_that_stops_coming_is_drift(reference: dict[str, Any]) -> None:
    rows = [{**row, "fare": None} for row in crowd(seed=4, size=300)]
    fare = next(each for each in drift.compare(reference, window(rows))["features"] if each["name"] == "fare")

    assert fare["status"] == "drift"
    assert (fare["bins"][-1], fare["current"][-1]) == ("missing", 1)


@pytest.mark.parametrize("size", [0, 1, drift.MINIMUM_SAMPLE - 1])
def test_a_small_window_gets_no_verdict(reference: dict[str, Any], size: int) -> None:
    report = drift.compare(reference, window(crowd(seed=5, size=size, older=50)))

    assert report["status"] == "insufficient_data"
    assert {each["status"] for each in report["features"]} == {"insufficient_data"}


def test_a_reference_of_another_format_is_refused(reference: dict[str, Any]) -> None:
    with pytest.raises(ModelCorruptedError, match="train the model again"):
        drift.compare({**reference, "format": 0}, [])


def test_each_is_tested_and_all_together_are_corrected(reference: dict[str, Any]) -> None:
    report = drift.compare(reference, window(crowd(seed=6, size=500, older=10)))
    each = {one["name"]: one["test"] for one in (*report["features"], report["prediction"])}

    assert {name for name, test in each.items() if test["name"] == "kolmogorov-smirnov"} == {
        *("age", "sibsp", "parch", "family_size", "fare", "probability")
    }
    assert each["age"]["adjusted_p"] < 1e-6 < drift.ALPHA < each["sex"]["adjusted_p"]
    assert all(test["p_value"] <= test["adjusted_p"] <= 1 for test in each.values())


def test_a_long_sample_is_thinned_and_tells_the_same() -> None:
    rows = crowd(seed=7, size=20_000)
    reference = drift.reference(rows, [0.5] * len(rows))
    age = next(each for each in reference["features"] if each["name"] == "age")

    assert len(age["sample"]) == drift.SAMPLE
    assert age["sample"].count(None) == pytest.approx(0.2 * drift.SAMPLE, abs=20)
    assert drift.compare(reference, window(crowd(seed=8, size=500)))["status"] == "ok"
    assert drift.compare(reference, window(crowd(seed=8, size=500, older=10)))["status"] == "drift"


@pytest.mark.parametrize(
    ("psi", "adjusted_p", "status"),
    [(0.3, 0.001, "drift"), (0.3, 0.5, "watch"), (0.05, 0.001, "watch"), (0.15, 0.5, "watch"), (0.05, 0.5, "ok")],
)
def test_it_is_drift_if_it_is_large_and_no_chance(psi: float, adjusted_p: float, status: str) -> None:
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
