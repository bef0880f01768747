"""One suite for the prediction log and telemetry: the fake and Redis keep the same promises.

Serving writes the log over its own connection, monitoring reads it by redis-py; to these tests they are one.
"""

from datetime import UTC, datetime, timedelta
from time import time, time_ns
from typing import Any

import pytest
import redis

from fakes.prediction_log import MemoryPredictionLog
from mlops.errors import StoreUnavailableError
from mlops.serving import prediction_id
from mlops.stores.prediction_log import RespPredictionLog
from mlops.stores.prediction_stream import RedisPredictionStream
from mlops.stores.resp import Connection
from mlops.stores.telemetry import RedisTelemetry
from mlops.telemetry.activity import Reading

NOW = "2026-01-02T03:04:05.678+00:00"


class Redis:
    """All that there is of the log and of telemetry in Redis, each method on the adapter that has it."""

    def __init__(self, url: str) -> None:
        self._adapters = (RespPredictionLog(url), RedisPredictionStream(url), RedisTelemetry(url))

    def __getattr__(self, name: str) -> Any:
        return next(getattr(each, name) for each in self._adapters if hasattr(each, name))


@pytest.fixture(params=["memory", "redis"])
def log(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryPredictionLog()
    request.getfixturevalue("valkey")
    return Redis(request.getfixturevalue("redis_url"))


def entry(number: int) -> dict[str, Any]:
    return {
        "prediction_id": str(number),
        "at": datetime.now(UTC).isoformat(),
        "inputs": {"Name": "Ōkuma, Mr. 重信\r\n"},
        "probability": 0.1 + 0.2,
    }


def told(prediction: str, label: int) -> dict[str, Any]:
    return {"prediction_id": prediction, "survived": label, "at": NOW}


def test_an_empty_log(log: Any) -> None:
    assert log.recent(10) == []
    assert log.totals() == {}


def test_the_newest_come_first_and_unchanged(log: Any) -> None:
    one, two, three = entry(1), entry(2), entry(3)
    log.record([one, two], {})
    log.tell([told("2", 1)])
    log.record([three], {})
    log.tell([told("3", 0)])

    assert log.recent(2) == [three, two]
    assert log.recent(10) == [three, two, one]


def test_observations_add_up(log: Any) -> None:
    log.record([], {"requests|/predict": 1, "seconds": 0.25})
    log.record([entry(1)], {"requests|/predict": 1, "seconds": 0.5})

    assert log.totals() == {"requests|/predict": 2, "seconds": 0.75}


def test_what_was_logged_is_read_on_from_a_position(log: Any) -> None:
    entries = [entry(number) for number in range(5)]
    log.record(entries, {})
    log.tell([told("2", 1), told("3", 0)])

    first = log.after("", 2)
    rest = log.after(first[-1].position, 10)
    outcomes = log.after("", 10, "outcomes")
    assert [each.content for each in (*first, *rest)] == entries
    assert [each.content for each in outcomes] == [told("2", 1), told("3", 0)]
    assert {each.kind for each in rest} == {"prediction"}
    assert {each.kind for each in outcomes} == {"outcome"}
    assert log.after(rest[-1].position, 10) == []
    assert log.after(outcomes[-1].position, 10, "outcomes") == []


def test_a_prediction_is_found_by_its_name_among_many(log: Any) -> None:
    names = [prediction_id.new() for _ in range(2500)]
    log.record([{**entry(0), "prediction_id": name} for name in names], {})

    assert all(log.holds(name) for name in (names[0], names[1700], names[-1]))
    assert not log.holds(prediction_id.new())
    assert not log.holds("")
    assert not log.holds('"')


def test_what_is_old_is_forgotten(log: Any) -> None:
    log.record([entry(1), entry(2)], {})
    log.forget(datetime.now(UTC) - timedelta(hours=1))
    assert len(log.recent(10)) == 2

    log.forget(datetime.now(UTC) + timedelta(hours=1))
    assert log.recent(10) == []


def test_nothing_to_record_is_no_error(log: Any) -> None:
    log.record([], {})


def test_what_is_added_once_is_added_once(log: Any) -> None:
    assert log.record_once("run 1", {"runs": 1, "seconds": 2.5})
    assert not log.record_once("run 1", {"runs": 1, "seconds": 2.5})
    assert log.record_once("run 2", {"runs": 1})

    assert log.totals() == {"runs": 2, "seconds": 2.5}


def test_a_gauge_has_its_latest_value(log: Any) -> None:
    log.measure({"age": 0.1, "fare": 0.2})
    log.measure({"age": 0.3})
    log.measure({})

    assert log.gauges() == {"age": 0.3, "fare": 0.2}


def test_readings_come_back_in_order(log: Any) -> None:
    now = datetime.now(UTC)
    readings = [Reading(now + timedelta(seconds=second), {"requests": second}) for second in range(3)]
    for each in readings:
        log.keep_reading(each)

    assert log.readings(now - timedelta(minutes=1)) == readings
    assert log.readings(now + timedelta(minutes=1)) == []


def test_what_an_outage_kept_from_being_counted_is_counted_after_it(redis_url: str, valkey: "redis.Redis") -> None:
    now = 0.0
    log = RespPredictionLog("redis://127.0.0.1:9/0", clock=lambda: now)
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            log.record([entry(1)], {"requests": 1})
    log._redis = Connection(redis_url, 1)
    now = 10.0
    log.record([entry(2)], {"requests": 1})

    assert RedisTelemetry(redis_url).totals() == {"requests": 4, "mlops_degraded|log": 3}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Streams that keep so many entries, give or take a block of a hundred."""
    monkeypatch.setattr("mlops.stores.prediction_log.KEPT", 200)
    return 200


def test_outcomes_push_no_prediction_out_and_predictions_no_outcome(
    redis_url: str, valkey: "redis.Redis", small: int
) -> None:
    log, stream = RespPredictionLog(redis_url), RedisPredictionStream(redis_url)
    entries, outcomes = [entry(number) for number in range(small)], [told(str(number), 1) for number in range(small)]
    log.record(entries[:100], {})
    log.tell(outcomes[:100])
    log.tell(outcomes[100:])
    log.record(entries[100:], {})

    assert [each.content for each in stream.after("", 1000)] == entries
    assert [each.content for each in stream.after("", 1000, "outcomes")] == outcomes
    assert {each.dropped for each in (*stream.after("", 1000), *stream.after("", 1000, "outcomes"))} == {0}


@pytest.mark.parametrize("portion", [7, 100, 100_000])
@pytest.mark.parametrize("read", [0, 50, 300])
def test_what_was_pushed_out_unread_is_counted(
    redis_url: str, valkey: "redis.Redis", small: int, portion: int, read: int
) -> None:
    log, stream = RespPredictionLog(redis_url), RedisPredictionStream(redis_url)
    position = ""
    log.record([entry(number) for number in range(read)], {})
    while page := stream.after(position, portion):
        position = page[-1].position
    log.record([entry(number) for number in range(1000)], {})

    seen, dropped = 0, 0
    while page := stream.after(position, portion):
        position = page[-1].position
        seen += len(page)
        dropped += sum(each.dropped for each in page)
    assert seen + dropped == 1000
    assert seen <= small + 100


def test_a_position_of_an_earlier_release_is_read_on_from(redis_url: str, valkey: "redis.Redis", small: int) -> None:
    log, stream = RespPredictionLog(redis_url), RedisPredictionStream(redis_url)
    log.record([entry(number) for number in range(150)], {})
    position = stream.after("", 50)[-1].position.rpartition("-")[0]

    page = stream.after(position, 30)
    rest = stream.after(page[-1].position, 1000)
    assert [each.content["prediction_id"] for each in (*page, *rest)] == [str(number) for number in range(50, 150)]
    assert rest[-1].position.endswith("-150")
    assert sum(each.dropped for each in (*page, *rest)) == 0


@pytest.mark.parametrize("ahead", [86_400, 36, 6, 0, -6, -36, -86_400], ids="clock {} s ahead".format)
@pytest.mark.parametrize("slept", [0, 29])
def test_a_prediction_is_found_whatever_the_clocks_say(
    redis_url: str, valkey: "redis.Redis", monkeypatch: pytest.MonkeyPatch, ahead: int, slept: int
) -> None:
    log = RespPredictionLog(redis_url)
    now = time_ns() + ahead * 10**9
    monkeypatch.setattr("mlops.serving.prediction_id.time_ns", lambda: now - slept * 10**9)
    names = [prediction_id.new() for _ in range(3)]
    monkeypatch.setattr("mlops.serving.prediction_id.time_ns", lambda: now)
    log.record([{**entry(0), "prediction_id": name} for name in names], {})

    assert all(log.holds(name) for name in names)
    assert not log.holds(prediction_id.new())


def test_a_prediction_is_found_in_a_stream_whose_clock_was_ahead(redis_url: str, valkey: "redis.Redis") -> None:
    """A stream goes on from its newest entry, however long ago the server's clock was set right."""
    valkey.xadd("predictions", {"prediction": "{}"}, id=f"{(int(time()) + 86_400) * 1000}-0")
    log, name = RespPredictionLog(redis_url), prediction_id.new()
    log.record([{**entry(0), "prediction_id": name}], {})

    assert log.holds(name)


def test_without_redis_each_adapter_says_so() -> None:
    url = "redis://127.0.0.1:9/0"
    telemetry = RedisTelemetry(url, timeout=0.2, tries=0)

    for call in (
        lambda: RespPredictionLog(url).holds(prediction_id.new()),
        lambda: RespPredictionLog(url).tell([told("1", 0)]),
        lambda: RedisPredictionStream(url).recent(1),
        lambda: RedisPredictionStream(url).after("", 1),
        telemetry.totals,
        telemetry.gauges,
        lambda: telemetry.measure({"age": 1.0}),
        lambda: telemetry.record_once("run", {"runs": 1}),
    ):
        with pytest.raises(StoreUnavailableError):
            call()
