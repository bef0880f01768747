"""Totals, gauges and readings in Redis."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from mlops.stores.online_store import client, translated
from mlops.stores.prediction_log import ONCE, TOTALS
from mlops.telemetry.activity import Reading

GAUGES = "gauges"
READINGS = "readings"
# Readings of the totals, one a minute: a week of them.
KEPT_READINGS = 7 * 24 * 60
# TTL of idempotency keys, in seconds; who adds observations goes back an hour or so.
ONCE_SECONDS = 2 * 24 * 3600

# Adds observations to the totals unless it did so under this name before.
_ONCE = """
if not redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
"""


class RedisTelemetry:
    """Implements `telemetry.stores.Telemetry`."""

    def __init__(self, url: str, timeout: float | None = None, tries: int = 3) -> None:
        """`timeout` in seconds for connecting and for each answer, `tries` after the first."""
        self._url, self._timeout, self._tries = url, timeout, tries

    def totals(self) -> dict[str, float]:
        return self._hash(TOTALS)

    def record_once(self, name: str, observations: Mapping[str, float]) -> bool:
        flat = [each for total, value in observations.items() for each in (total, repr(value))]
        with translated():
            return bool(self._client.eval(_ONCE, 2, ONCE + name, TOTALS, ONCE_SECONDS, *flat))

    def drop(self, totals: Collection[str]) -> None:
        if totals:
            with translated():
                self._client.hdel(TOTALS, *totals)

    def measure(self, gauges: Mapping[str, float]) -> None:
        if gauges:
            with translated():
                self._client.hset(GAUGES, mapping={name: repr(value) for name, value in gauges.items()})

    def gauges(self) -> dict[str, float]:
        return self._hash(GAUGES)

    def keep_reading(self, reading: Reading) -> None:
        entry = json.dumps({"at": reading.at.isoformat(), "totals": reading.totals})
        with translated():
            self._client.xadd(READINGS, {"reading": entry}, maxlen=KEPT_READINGS, approximate=True)

    def readings(self, since: datetime) -> list[Reading]:
        with translated():
            found = self._client.xrange(READINGS, int(since.timestamp() * 1000))
        entries = [json.loads(entry[b"reading"]) for _, entry in found]
        return [Reading(datetime.fromisoformat(each["at"]), each["totals"]) for each in entries]

    def _hash(self, name: str) -> dict[str, float]:
        with translated():
            return {field.decode(): float(value) for field, value in self._client.hgetall(name).items()}

    @cached_property
    def _client(self) -> Any:
        return client(self._url, self._timeout, self._tries)
