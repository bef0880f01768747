"""Draining, on stores in memory that go away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from fakes.prediction_history import MemoryPredictionHistory
from fakes.prediction_log import MemoryPredictionLog
from mlops.errors import PredictionNotFoundError, StoreUnavailableError
from mlops.monitoring import drain as draining
from mlops.monitoring.drain import drain, replay
from mlops.monitoring.stores import Logged, Stream
from mlops.serving import prediction_id
from mlops.serving.feedback import give_feedback
from titanic import USE_CASE

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def log() -> MemoryPredictionLog:
    return MemoryPredictionLog()


@pytest.fixture
def history() -> MemoryPredictionHistory:
    return MemoryPredictionHistory()


def entry(at: datetime = NOW) -> dict[str, Any]:
    return {"prediction_id": prediction_id.new(), "at": at.isoformat()}


def drained(log: MemoryPredictionLog, history: MemoryPredictionHistory) -> tuple[int, int]:
    done = drain(log, history, log, DAY, lambda: NOW)
    return done.kept, done.forgotten


def test_everything_arrives_once(
    log: MemoryPredictionLog, history: MemoryPredictionHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "PORTION", 7)
    log.record([entry() for _ in range(50)], {})
    assert drained(log, history) == (50, 0)
    log.record([entry()], {})
    assert drained(log, history) == (1, 0)
    assert drained(log, history) == (0, 0)
    assert len(history.predictions) == 51


def test_nothing_is_lost_while_the_history_is_away(log: MemoryPredictionLog, history: MemoryPredictionHistory) -> None:
    history.away = True
    for _ in range(3):
        log.record([entry()], {})
        with pytest.raises(StoreUnavailableError):
            drained(log, history)
    history.away = False
    assert drained(log, history) == (3, 0)


@pytest.mark.parametrize("portion", [3, 30])
def test_an_outcome_waits_for_its_prediction(
    log: MemoryPredictionLog, history: MemoryPredictionHistory, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    """Whatever is logged between the looks at the two streams, and however far behind one of them is."""
    monkeypatch.setattr(draining, "PORTION", portion)
    after, entries = log.after, [entry() for _ in range(20)]

    def record(new: list[dict[str, Any]]) -> None:
        log.record(new, {})
        log.tell([{"prediction_id": each["prediction_id"], "survived": 1, "at": each["at"]} for each in new[::-1]])

    record(entries[:10])

    def late(position: str, limit: int, stream: Stream = "predictions") -> list[Logged]:
        found = after(position, limit, stream)
        if stream == "predictions" and entries[10:] and len(found) < limit:
            new, entries[10:] = entries[10:], []
            record(new)
        return found

    monkeypatch.setattr(log, "after", late)
    assert drained(log, history) == (20, 0)
    assert sum(each["outcome"] == 1 for each in history.predictions.values()) == 20


def test_what_was_pushed_out_of_the_log_is_counted_once(
    log: MemoryPredictionLog, history: MemoryPredictionHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = log.after

    def pushed(position: str, limit: int, stream: Stream = "predictions") -> list[Logged]:
        first, *rest = after(position, limit, stream) or [None]
        return [replace(first, dropped=7), *rest] if first else []

    monkeypatch.setattr(log, "after", pushed)
    log.record([entry()], {})
    history.away = True
    with pytest.raises(StoreUnavailableError):
        drained(log, history)
    history.away = False
    assert drained(log, history) == (1, 0)
    assert log.totals() == {"mlops_log_dropped|predictions": 7}


def test_the_retention_holds_in_both_places(log: MemoryPredictionLog, history: MemoryPredictionHistory) -> None:
    old, new = entry(NOW - 2 * DAY), entry()
    history.keep([entry(NOW - 2 * DAY)])
    log.record([old, new], {})
    assert drained(log, history) == (1, 1)
    assert set(history.predictions) == {new["prediction_id"]}
    assert log.recent(10) == [new]


def test_a_replay_may_be_repeated(history: MemoryPredictionHistory) -> None:
    spilled = [entry(), entry()]
    assert [replay(history, spilled), replay(history, spilled)] == [2, 0]


def test_feedback_is_found_wherever_the_prediction_is(
    log: MemoryPredictionLog, history: MemoryPredictionHistory
) -> None:
    logged, kept = entry(), entry()
    log.record([logged], {})
    history.keep([kept])
    for each, spelt in ((logged, UUID), (kept, str.upper)):
        give_feedback(USE_CASE, log, history.known, str(spelt(each["prediction_id"])), 1, lambda: NOW)
    drained(log, history)
    assert [each["outcome"] for each in history.predictions.values()] == [1, 1]

    with pytest.raises(PredictionNotFoundError):
        give_feedback(USE_CASE, log, history.known, prediction_id.new(), 1)


def test_names_of_predictions_are_uuids_that_grow_with_time() -> None:
    names = [prediction_id.new() for _ in range(1000)]
    assert len(set(names)) == 1000
    assert {UUID(name).version for name in names} == {7}
    assert [name[:12] for name in names] == sorted(name[:12] for name in names)
    made = prediction_id.made_at(names[0])
    assert made is not None
    assert abs(made / 1000 - datetime.now(UTC).timestamp()) < 60
    assert prediction_id.made_at("0" * 32) is None
