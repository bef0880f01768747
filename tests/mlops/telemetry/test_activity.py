"""What serving did over time, from readings of its totals."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mlops.telemetry import activity, metrics
from mlops.telemetry.activity import Reading

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def after(minutes: int, *observations: dict[str, float], totals: Counter[str]) -> Reading:
    for each in observations:
        totals.update(each)  # type: ignore[arg-type]
    return activity.read(totals, NOW + timedelta(minutes=minutes))


def test_a_point_is_what_came_since_the_one_before() -> None:
    totals: Counter[str] = Counter()
    readings = [
        after(
            0,
            metrics.request("POST", "/predict", 200, 0.002),
            metrics.predictions([0.9], "a"),
            metrics.cold_start("old"),
            totals=totals,
        ),
        after(
            1,
            metrics.request("POST", "/predict", 200, 0.002),
            metrics.request("POST", "/predict", 422, 0.002),
            metrics.request("GET", "/model", 503, 3.0),
            metrics.predictions([0.5, 0.51], "b"),
            metrics.degraded("log"),
            metrics.cold_start("new"),
            totals=totals,
        ),
        after(2, totals=totals),
    ]

    found = activity.series(readings, 24)

    busy, idle = found["points"]
    assert busy == {
        "at": "2026-01-02T00:01:00+00:00",
        **{"requests": 3, "errors": 1, "rejected": 1, "predictions": 2, "positive": 1, "degraded": 1},
        **{"cold_starts": 1, "p50_ms": 1.75, "p95_ms": 2.425, "p99_ms": 2.485},
    }
    assert (idle["requests"], idle["p50_ms"]) == (0, None)
    assert found["releases"] == [{"at": "2026-01-02T00:01:00+00:00", "release": "new"}]
    assert found["scores"] == {"bounds": list(metrics.SCORES), "counts": [0] * 4 + [1, 1] + [0] * 4, "predictions": 2}
    assert (found["from"], found["to"], found["step_seconds"]) == (
        *("2026-01-02T00:00:00+00:00", "2026-01-02T00:02:00+00:00"),
        60,
    )


@pytest.mark.parametrize("count", [1, 2, 200, 201, 1440, 10_000])
def test_no_more_points_than_a_chart_has_room_for_and_none_lost(count: int) -> None:
    totals: Counter[str] = Counter()
    readings = [after(minute, metrics.request("GET", "/health", 200, 1), totals=totals) for minute in range(count)]

    points = activity.series(readings, 24 * 7)["points"]

    assert len(points) <= activity.POINTS
    assert sum(point["requests"] for point in points) == count - 1


def test_only_the_last_hours() -> None:
    totals: Counter[str] = Counter()
    readings = [after(minute, metrics.request("GET", "/health", 200, 1), totals=totals) for minute in range(300)]

    assert sum(point["requests"] for point in activity.series(readings, 1)["points"]) == 60


def test_a_release_is_new_once_even_if_the_totals_are_lost() -> None:
    readings = [
        after(0, totals=Counter()),
        after(1, metrics.cold_start("a"), totals=Counter()),
        after(2, metrics.cold_start("b"), totals=Counter()),
        after(3, metrics.cold_start("a"), totals=Counter()),
    ]
    assert [each["release"] for each in activity.series(readings, 1)["releases"]] == ["a", "b"]


def test_totals_that_were_lost_begin_anew() -> None:
    totals: Counter[str] = Counter()
    one = [metrics.request("GET", "/health", 200, 1), metrics.predictions([0.9], "a")]
    before = [after(minute, *one * 5, totals=totals) for minute in (0, 1)]
    later = after(2, *one * 2, totals=Counter())

    found = activity.series([*before, later], 1)
    assert [point["requests"] for point in found["points"]] == [5, 2]
    assert found["scores"]["predictions"] == sum(point["predictions"] for point in found["points"]) == 7
