"""The prediction log and the totals of serving in Redis: one round trip a request."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any

from titanic import prediction_id as names
from titanic.adapters.resp import Command, Pipeline
from titanic.errors import StoreUnavailableError
from titanic.ports import Logged

STREAM = "predictions"
TOTALS = "metrics"
# The newest entries that the stream keeps, give or take a block of it; some 700 bytes each. At the 100 predictions a
# second that the API's stage lets through, PostgreSQL may be away for 40 minutes.
KEPT = 250_000
# Milliseconds between a prediction's name and its place in the stream: clocks differ, and a function has 29 seconds.
EARLIER, LATER = 5_000, 35_000
# Seconds. A prediction that waits longer for its log than this is worth less than one without it.
TIMEOUT = 0.25
# Seconds without a try after a failure, or every request would wait for the timeout.
PAUSE = 2.0

# Made once: json.dumps with arguments would make an encoder for each of a thousand predictions.
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


class RedisPredictionLog:
    """Implements `ports.PredictionLog`: predictions and outcomes in one capped stream, totals in one hash."""

    def __init__(self, url: str, clock: Callable[[], float] = monotonic) -> None:
        self._redis = Pipeline(url, TIMEOUT)
        self._clock = clock
        self._away_until = float("-inf")
        self._turn = Lock()  # a server answers feedback in threads

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        commands: list[Command] = [["HINCRBYFLOAT", TOTALS, name, repr(value)] for name, value in observations.items()]
        append = _append("prediction")
        commands += [(*append, _encoded(each)) for each in predictions]
        self._run(commands)

    def totals(self) -> dict[str, float]:
        (flat,) = self._run([["HGETALL", TOTALS]])
        return {name.decode(): float(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}

    def recent(self, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        newest = "+"
        while len(found) < limit and (page := self._range("XREVRANGE", newest, "-", limit)):
            found += [json.loads(content) for _, (kind, content) in page if kind == b"prediction"]
            newest = f"({page[-1][0].decode()}"
        return found[:limit]

    def holds(self, prediction_id: str) -> bool:
        made = names.made_at(prediction_id)
        if made is None:
            return False
        begin, end = str(max(made - EARLIER, 0)), str(made + LATER)
        wanted = b'"prediction_id":"%b"' % prediction_id.encode()  # a quotation mark inside a text is escaped
        while page := self._range("XRANGE", begin, end, 1000):
            if any(kind == b"prediction" and wanted in content for _, (kind, content) in page):
                return True
            begin = f"({page[-1][0].decode()}"
        return False

    def tell(self, prediction_id: str, survived: int, at: str) -> None:
        outcome = {"prediction_id": prediction_id, "survived": survived, "at": at}
        self._run([(*_append("outcome"), _encoded(outcome))])

    def after(self, position: str, limit: int) -> list[Logged]:
        page = self._range("XRANGE", f"({position}" if position else "-", "+", limit)
        return [Logged(place.decode(), kind.decode(), json.loads(content)) for place, (kind, content) in page]

    def forget(self, before: datetime) -> None:
        self._run([("XTRIM", STREAM, "MINID", str(int(before.timestamp() * 1000)))])

    def _range(self, command: str, begin: str, end: str, limit: int) -> list[Any]:
        page: list[Any] = self._run([(command, STREAM, begin, end, "COUNT", str(limit))])[0]
        return page

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        with self._turn:
            if self._clock() < self._away_until:
                raise StoreUnavailableError("Redis did not answer a moment ago")
            try:
                return self._redis.run(commands)
            except StoreUnavailableError:
                self._away_until = self._clock() + PAUSE
                raise


def _append(kind: str) -> tuple[str, ...]:
    return ("XADD", STREAM, "MAXLEN", "~", str(KEPT), "*", kind)
