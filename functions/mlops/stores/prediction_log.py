"""The prediction log as serving writes it to Redis: one round trip a request, without redis-py (docs/adr)."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any

from mlops.errors import StoreUnavailableError
from mlops.serving import prediction_id as ids
from mlops.stores.resp import Command, Connection
from mlops.telemetry import metrics

STREAM, OUTCOMES = "predictions", "outcomes"
# Braces keep what one transaction writes on one node of a cluster: that of the stream.
TOTALS, ONCE, ELSEWHERE = "{predictions}:totals", "{predictions}:once:", "{predictions}:elsewhere:"
# The newest entries that each stream keeps, give or take a block of it; some 700 bytes each. At the 100 predictions a
# second that the API's stage lets through, PostgreSQL may be away for 40 minutes.
KEPT = 250_000
# Milliseconds between a prediction's id and its place in the stream: clocks differ, and a function has 29 seconds.
EARLIER, LATER = 5_000, 35_000
# Milliseconds between the clocks of this machine and the stream, above which that window may miss a prediction.
FAR = 4_000
# Seconds. A prediction that waits longer for its log than this is worth less than one without it.
TIMEOUT = 0.25
# Seconds without a try after a failure, or every request would wait for the timeout.
PAUSE = 2.0

# Seconds for which Redis knows that it took a batch: one whose answer was lost is offered again under the same token.
TOKEN_SECONDS = 3600
_RECORD = """
if not redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then return 0 end
local predictions = 6 + 2 * ARGV[5]
for i = 6, predictions - 1, 2 do redis.call('HINCRBYFLOAT', KEYS[2], ARGV[i], ARGV[i + 1]) end
for i = predictions, #ARGV do
    local placed = redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'prediction', ARGV[i])
    if math.abs(string.match(placed, '%d+') - ARGV[3]) > tonumber(ARGV[4]) then
        redis.call('SET', KEYS[4] .. string.match(ARGV[i], '"prediction_id":"([^"]+)'), '', 'EX', ARGV[1])
    end
end
return 1
"""

# Made once: json.dumps with arguments would make an encoder for each of a thousand predictions.
encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


class RespPredictionLog:
    """Implements `serving.prediction_log.PredictionLog`: predictions and outcomes in a capped stream each.

    A request is counted and logged whole or not at all, and once, however often it is sent: a script on the server
    knows its token. What it adds to the totals while Redis is away is owed and added by the next request that is
    answered: an instance that lives through an outage loses nothing.
    """

    def __init__(self, url: str, clock: Callable[[], float] = monotonic) -> None:
        self._redis = Connection(url, TIMEOUT)
        self._clock = clock
        self._away_until = float("-inf")
        self._lock = Lock()  # a server answers feedback in threads
        self._owed = Counter[str]()
        # A batch that was sent and not answered: it is offered again before anything new.
        self._unsure: Command | None = None

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        with self._lock:
            self._owed.update(observations)
            try:
                self._check()
                if self._unsure:
                    self._ask([self._unsure])
                token, owed, self._owed = ids.new(), self._owed, Counter[str]()
                # Without the predictions, which the caller keeps elsewhere if this one is not answered.
                self._unsure = _batch(token, owed)
                self._ask([_batch(token, owed, predictions)])
                self._unsure = None
            except StoreUnavailableError:
                self._owed.update(metrics.degraded("log") if predictions else {})
                raise

    def holds(self, prediction_id: str) -> bool:
        made = ids.made_at(prediction_id)
        if made is None:
            return False
        begin, end = str(max(made - EARLIER, 0)), str(made + LATER)
        wanted = b'"prediction_id":"%b"' % prediction_id.encode()  # a quotation mark inside a text is escaped
        while page := self.run([("XRANGE", STREAM, begin, end, "COUNT", "1000")])[0]:
            if any(kind == b"prediction" and wanted in content for _, (kind, content) in page):
                return True
            begin = f"({page[-1][0].decode()}"
        return bool(self.run([("EXISTS", ELSEWHERE + prediction_id)])[0])

    def tell(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        append = ("XADD", OUTCOMES, "MAXLEN", "~", str(KEPT), "*", "outcome")
        self.run([(*append, encoded(each)) for each in outcomes])

    def run(self, commands: Sequence[Command]) -> list[Any]:
        """The replies of any commands; StoreUnavailableError at once for a while after a failure."""
        with self._lock:
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


def _batch(token: str, owed: Mapping[str, float], predictions: Sequence[Mapping[str, Any]] = ()) -> Command:
    added = [text for name, value in owed.items() for text in (name, repr(value))]
    about = (*map(str, (TOKEN_SECONDS, KEPT, ids.clock(), FAR, len(owed))), *added)
    return ("EVAL", _RECORD, "4", ONCE + token, TOTALS, STREAM, ELSEWHERE, *about, *map(encoded, predictions))
