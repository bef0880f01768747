"""Drain: move what serving logged from the prediction log to the history, and forget what is too old."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.monitoring.stores import PredictionHistory, PredictionStream, Stream
from mlops.telemetry import metrics
from mlops.telemetry.stores import Telemetry

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
    telemetry: Telemetry,
    retention: timedelta,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Drained:
    """Each prediction arrives once, by its id, however often this runs or is broken off.

    Positions in the log are committed with what was read up to them. An outcome waits for its prediction: outcomes are
    read first, and kept with the predictions that were logged until then. What was pushed out is counted.
    StoreUnavailableError if either store is away: the log keeps all, and the next call goes on from there.
    """
    kept = 0
    oldest = now() - retention
    log.forget(oldest)
    positions: dict[Stream, str] = {stream: history.position(stream) for stream in metrics.STREAMS}
    for _ in range(MOST):
        outcomes = log.after(positions["outcomes"], PORTION, "outcomes")
        predictions = log.after(positions["predictions"], PORTION, "predictions")
        read = [predictions] if len(predictions) == PORTION else [predictions, outcomes]
        if not any(read):
            break
        positions |= {stream: page[-1].position for stream, page in zip(metrics.STREAMS, read, strict=False) if page}
        entries = [each for page in read for each in page]
        told = [each.content for each in entries if each.kind == "outcome"]
        kept += history.keep([each.content for each in entries if each.kind == "prediction"], told, positions)
        for stream, page in zip(metrics.STREAMS, read, strict=False):
            if page and page[0].dropped:
                name = f"dropped before {page[0].position} of {stream}"
                telemetry.record_once(name, {metrics.named(metrics.DROPPED.name, stream): page[0].dropped})
    return Drained(kept, history.forget(oldest))


def replay(history: PredictionHistory, spilled: Iterable[Mapping[str, Any]]) -> int:
    """Keep predictions that went into the function's log, for Redis was away; how many were not there yet."""
    return history.keep(list(spilled))
