"""Watch: what no request can count, added once, on a log in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fakes.prediction_log import MemoryPredictionLog
from mlops.errors import StoreUnavailableError
from mlops.monitoring.stores import PipelineRun
from mlops.monitoring.watch import FIRST_LOOK, Reports, Sources, watch
from mlops.telemetry import metrics, usage

NOW = datetime(2026, 1, 2, 3, 4, 30, tzinfo=UTC)
LINKED: list[tuple[str, str]] = []
COLD = (
    "REPORT RequestId: c6af9ac6\tDuration: 12.30 ms\tBilled Duration: 500 ms\tMemory Size: 1024 MB\t"
    "Max Memory Used: 80 MB\tInit Duration: 487.00 ms\t"
)
LATE = COLD.replace("500 ms", "29000 ms").replace("1024", "512").replace("Init Duration: 487.00 ms", "Status: timeout")


def sources(reports: Reports, *runs: PipelineRun) -> Sources:
    return Sources(
        {"inference": "churn-i"}, reports, lambda _: runs, lambda: {"pipeline": 2}, lambda runs: LINKED.extend(runs)
    )


def test_a_report_line_says_what_an_invocation_cost() -> None:
    assert usage.observations("inference", COLD) == {
        "mlops_lambda_invocations|inference": 1,
        "mlops_lambda_gb_seconds|inference": 0.5,
        "mlops_lambda_cost_dollars|inference": 0.5 * 0.0000166667 + 0.0000002,
        "mlops_lambda_inits|inference": 1,
        "mlops_lambda_init_seconds|inference": 0.487,
    }
    late = usage.observations("inference", LATE)
    assert (late["mlops_lambda_failures|inference|timeout"], late["mlops_lambda_gb_seconds|inference"]) == (1, 14.5)


def test_a_look_by_a_clock_that_was_ahead_hides_nothing() -> None:
    log, begun = MemoryPredictionLog(), []

    def reports(_: str, begin: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
        begun.append(begin)
        return iter([(end - timedelta(seconds=1), COLD)])

    watch(log, sources(reports), lambda: NOW + timedelta(days=1))
    watch(log, sources(reports), lambda: NOW)

    assert begun[-1] == NOW - FIRST_LOOK
    assert log.totals()["mlops_lambda_invocations|inference"] == 2


def test_whole_minutes_are_added_once_however_often_one_looks() -> None:
    log, asked = MemoryPredictionLog(), []

    def reports(function: str, begin: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
        asked.append((function, begin, end))
        lines = [(NOW.replace(second=0) + timedelta(seconds=each), COLD) for each in (-61, -60, -1, 0, 29)]
        return iter([(at, line) for at, line in lines if begin <= at < end])

    for _ in range(2):
        watch(log, sources(reports), lambda: NOW)
    log._gauges.clear()  # as if it had died before it could note how far it had come
    watch(log, sources(reports), lambda: NOW)
    watch(log, sources(reports), lambda: NOW + timedelta(minutes=1))

    assert log.totals()["mlops_lambda_invocations|inference"] == 5
    end = NOW.replace(second=0)
    assert asked[0] == ("churn-i", NOW - FIRST_LOOK, end)
    assert asked[1] == ("churn-i", end, end)
    assert asked[-1] == ("churn-i", end, end + timedelta(minutes=1))


def test_a_pipeline_run_is_added_once() -> None:
    log = MemoryPredictionLog()
    run = PipelineRun("arn:1", "labelled/feed.csv", {metrics.named(metrics.RUNS.name, "succeeded"): 1})

    for _ in range(3):
        watch(log, sources(lambda *_: (), run), lambda: NOW)

    assert log.totals() == {"mlops_pipeline_runs|succeeded": 1}
    assert set(LINKED) == {("feed", "arn:1")}


def test_one_source_that_is_away_keeps_no_other_from_being_read() -> None:
    log = MemoryPredictionLog()

    def away(*_: object) -> Iterator[tuple[datetime, str]]:
        raise StoreUnavailableError("away")

    assert watch(log, sources(away), lambda: NOW) == {"runs": 0, "dead_letters": 2}
    assert log.gauges() == {
        "mlops_dead_letters|pipeline": 2,
        "mlops_measured_timestamp_seconds|runs": NOW.timestamp(),
        "mlops_measured_timestamp_seconds|dead_letters": NOW.timestamp(),
    }
    assert len(log.readings(NOW)) == 1


def test_without_redis_nothing_is_known() -> None:
    log = MemoryPredictionLog()
    log.away = True
    with pytest.raises(StoreUnavailableError):
        watch(log, sources(lambda *_: ()), lambda: NOW)
