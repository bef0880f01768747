"""The prediction log and the totals of serving in Redis: one round trip a request."""

import json
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from titanic.adapters.resp import Command, Pipeline
from titanic.errors import StoreUnavailableError

STREAM = "predictions"
TOTALS = "metrics"
# The newest predictions that the stream keeps, give or take a block of it.
KEPT = 100_000
# Seconds. A prediction that waits longer for its log than this is worth less than one without it.
TIMEOUT = 0.25
# Seconds without a try after a failure, or every request would wait for the timeout.
PAUSE = 2.0

# Made once: json.dumps with arguments would make an encoder for each of a thousand predictions.
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


class RedisPredictionLog:
    """Implements `ports.PredictionLog`: predictions in a capped stream, totals in one hash."""

    def __init__(self, url: str, clock: Callable[[], float] = monotonic) -> None:
        self._redis = Pipeline(url, TIMEOUT)
        self._clock = clock
        self._away_until = float("-inf")

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        commands: list[Command] = [["HINCRBYFLOAT", TOTALS, name, repr(value)] for name, value in observations.items()]
        append = ("XADD", STREAM, "MAXLEN", "~", str(KEPT), "*", "prediction")
        commands += [(*append, _encoded(each)) for each in predictions]
        self._run(commands)

    def totals(self) -> dict[str, float]:
        (flat,) = self._run([["HGETALL", TOTALS]])
        return {name.decode(): float(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}

    def recent(self, limit: int) -> list[dict[str, Any]]:
        (entries,) = self._run([["XREVRANGE", STREAM, "+", "-", "COUNT", str(limit)]])
        return [json.loads(fields[1]) for _, fields in entries]

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        if self._clock() < self._away_until:
            raise StoreUnavailableError("Redis did not answer a moment ago")
        try:
            return self._redis.run(commands)
        except StoreUnavailableError:
            self._away_until = self._clock() + PAUSE
            raise
