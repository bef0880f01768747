"""Drain: move what serving logged from the prediction log to the history, and forget what is too old."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.monitoring.stores import PredictionHistory, PredictionStream

PORTION = 1000
# Portions that one call moves at most: half a million predictions, about half a minute.
MOST = 500


@dataclass(frozen=True, slots=True)
class Drained:
    """How many predictions were new to the history, and how many of it were forgotten."""

    kept: int
    forgotten: int


def drain(
    log: PredictionStream,
    history: PredictionHistory,
    retention: timedelta,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Drained:
    """Each prediction arrives once, by its id, however often this runs or is broken off.
    The position in the log is committed with what was read up to it. StoreUnavailableError if either store is away:
    the log keeps all, and the next call goes on from there.
    """
    kept = 0
    oldest = now() - retention
    log.forget(oldest)
    for _ in range(MOST):
        entries = log.after(history.position(), PORTION)
        if not entries:
            break
        predictions = [each.content for each in entries if each.kind == "prediction"]
        outcomes = [each.content for each in entries if each.kind == "outcome"]
        kept += history.keep(predictions, outcomes, entries[-1].position)
    return Drained(kept, history.forget(oldest))


def replay(history: PredictionHistory, spilled: Iterable[Mapping[str, Any]]) -> int:
    """Keep predictions that went into the function's log, for Redis was away; how many were not there yet."""
    return history.keep(list(spilled))
