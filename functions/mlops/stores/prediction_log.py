"""The prediction log and the totals of serving in Redis: one round trip a request."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any

from mlops.errors import StoreUnavailableError
from mlops.ports import Logged
from mlops.serving import prediction_id as names
from mlops.stores.resp import Command, Pipeline
from mlops.telemetry import metrics
from mlops.telemetry.activity import Reading

STREAM = "predictions"
# Braces keep what one transaction writes on one node of a cluster: that of the stream.
TOTALS, ONCE = "{predictions}:totals", "{predictions}:once:"
GAUGES = "gauges"
READINGS = "readings"
# The newest entries that the stream keeps, give or take a block of it; some 700 bytes each. At the 100 predictions a
# second that the API's stage lets through, PostgreSQL may be away for 40 minutes.
KEPT = 250_000
# Readings of the totals, one a minute: a week of them.
KEPT_READINGS = 7 * 24 * 60
# Seconds for which a name is remembered whose observations were added once; who adds them goes back an hour or so.
REMEMBERED = 2 * 24 * 3600
# Milliseconds between a prediction's name and its place in the stream: clocks differ, and a function has 29 seconds.
EARLIER, LATER = 5_000, 35_000
# Seconds. A prediction that waits longer for its log than this is worth less than one without it.
TIMEOUT = 0.25
# Seconds without a try after a failure, or every request would wait for the timeout.
PAUSE = 2.0

# Adds observations to the totals unless it did so under this name before.
_ONCE = """
if not redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
"""

# Made once: json.dumps with arguments would make an encoder for each of a thousand predictions.
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


class RedisPredictionLog:
    """Implements `ports.PredictionLog`: predictions and outcomes in one capped stream, totals in one hash.

    A request is counted and logged whole or not at all, in one transaction. What it adds to the totals while Redis is
    not even asked is kept and added by the next one that is: an instance that lives through an outage loses little.
    """

    def __init__(self, url: str, clock: Callable[[], float] = monotonic) -> None:
        self._redis = Pipeline(url, TIMEOUT)
        self._clock = clock
        self._away_until = float("-inf")
        self._turn = Lock()  # a server answers feedback in threads
        self._owed = Counter[str]()

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        with self._turn:
            self._owed.update(observations)
            append = _append("prediction")
            try:
                self._check()
                added = [("HINCRBYFLOAT", TOTALS, name, repr(value)) for name, value in self._owed.items()]
                # Asked, Redis may have added them even if its answer is lost: from here on they are not owed any more.
                self._owed.clear()
                self._ask([("MULTI",), *added, *((*append, _encoded(each)) for each in predictions), ("EXEC",)])
            except StoreUnavailableError:
                self._owed.update(metrics.degraded("log") if predictions else {})
                raise

    def record_once(self, name: str, observations: Mapping[str, float]) -> bool:
        flat = [text for total, value in observations.items() for text in (total, repr(value))]
        (new,) = self._run([("EVAL", _ONCE, "2", ONCE + name, TOTALS, str(REMEMBERED), *flat)])
        return bool(new)

    def totals(self) -> dict[str, float]:
        return self._hash(TOTALS)

    def measure(self, gauges: Mapping[str, float]) -> None:
        flat = [text for name, value in gauges.items() for text in (name, repr(value))]
        if flat:
            self._run([("HSET", GAUGES, *flat)])

    def gauges(self) -> dict[str, float]:
        return self._hash(GAUGES)

    def keep_reading(self, reading: Reading) -> None:
        entry = _encoded({"at": reading.at.isoformat(), "totals": reading.totals})
        self._run([("XADD", READINGS, "MAXLEN", "~", str(KEPT_READINGS), "*", "reading", entry)])

    def readings(self, since: datetime) -> list[Reading]:
        (found,) = self._run([("XRANGE", READINGS, str(int(since.timestamp() * 1000)), "+")])
        entries = [json.loads(content) for _, (_, content) in found]
        return [Reading(datetime.fromisoformat(each["at"]), each["totals"]) for each in entries]

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

    def tell(self, survived: Mapping[str, int], at: str) -> None:
        outcomes = [{"prediction_id": name, "survived": fate, "at": at} for name, fate in survived.items()]
        self._run([(*_append("outcome"), _encoded(each)) for each in outcomes])

    def after(self, position: str, limit: int) -> list[Logged]:
        page = self._range("XRANGE", f"({position}" if position else "-", "+", limit)
        return [Logged(place.decode(), kind.decode(), json.loads(content)) for place, (kind, content) in page]

    def forget(self, before: datetime) -> None:
        self._run([("XTRIM", STREAM, "MINID", str(int(before.timestamp() * 1000)))])

    def _hash(self, name: str) -> dict[str, float]:
        (flat,) = self._run([("HGETALL", name)])
        return {field.decode(): float(value) for field, value in zip(flat[::2], flat[1::2], strict=True)}

    def _range(self, command: str, begin: str, end: str, limit: int) -> list[Any]:
        page: list[Any] = self._run([(command, STREAM, begin, end, "COUNT", str(limit))])[0]
        return page

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        with self._turn:
            self._check()
            return self._ask(commands)

    def _check(self) -> None:
        if self._clock() < self._away_until:
            raise StoreUnavailableError("Redis did not answer a moment ago")

    def _ask(self, commands: Sequence[Command]) -> list[Any]:
        try:
            return self._redis.run(commands)
        except StoreUnavailableError:
            self._away_until = self._clock() + PAUSE
            raise


def _append(kind: str) -> tuple[str, ...]:
    return ("XADD", STREAM, "MAXLEN", "~", str(KEPT), "*", kind)
