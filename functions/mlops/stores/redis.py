"""The online store in Redis or Valkey: one hash per feature schema, a packed value per passenger."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import uuid4

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from mlops.errors import StoreUnavailableError
from mlops.ports import DatasetVersion
from titanic.features import REGISTRY, Derived

_NAMES = tuple(feature.name for feature in REGISTRY)
_encode = json.JSONEncoder(separators=(",", ":")).encode
_PORTION = 1000
_ABANDONED_SECONDS = 3600
_OLD_SECONDS = 3600
_AWAY = (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, redis.OutOfMemoryError)

# Answers with the version that is current then. Repeated after a lost answer it finds nothing left to do.
_SWITCH = """
local building, current, old = KEYS[1], KEYS[2], KEYS[3]
local lifetime, version, event_time = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', current) == 1 then
    local newest = redis.call('HGET', current, 'event_time') or 0
    if redis.call('EXISTS', building) == 0 or tonumber(newest) > tonumber(event_time) then
        redis.call('UNLINK', building)
        return redis.call('HGET', current, 'version')
    end
    redis.call('UNLINK', old)
    redis.call('RENAME', current, old)
    redis.call('EXPIRE', old, lifetime)
end
redis.call('RENAME', building, current)
redis.call('PERSIST', current)
return version
"""


class RedisOnlineStore:
    """Implements `ports.OnlineStore`.

    A version is built under a name of its own and then renamed: the name that readers use is the pointer, so a
    read is one HGET, and the switch is atomic. What it replaces expires, as does what a dead writer left behind.
    Beside the passengers' ids the hash has two fields, `version` and `event_time`.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def publish(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[tuple[int, Derived]]) -> str:
        current = _key(schema_hash, "current")
        with _translated():
            old, newest = self._client.hmget(current, "version", "event_time")
            if old == dataset.version.encode() or float(newest or 0) > dataset.loaded_at:
                return str(old.decode())
            building = _key(schema_hash, f"building:{uuid4().hex}")
            about = {"version": dataset.version, "event_time": repr(dataset.loaded_at)}
            self._client.hset(building, mapping=about)
            self._client.expire(building, _ABANDONED_SECONDS)
            remaining = iter(rows)
            while portion := {id_: _packed(dataset.loaded_at, row) for id_, row in islice(remaining, _PORTION)}:
                self._client.hset(building, mapping=portion)
            keys = (building, current, _key(schema_hash, f"old:{old.decode() if old else None}"))
            there = self._client.eval(_SWITCH, len(keys), *keys, _OLD_SECONDS, *about.values())
            return str(there.decode())

    def get(self, schema_hash: str, passenger_id: int) -> Derived | None:
        with _translated():
            value = self._client.hget(_key(schema_hash, "current"), str(passenger_id))
        return dict(zip(_NAMES, json.loads(value)[1:], strict=True)) if value else None

    @cached_property
    def _client(self) -> Any:
        return redis.Redis.from_url(
            self._url,
            socket_connect_timeout=2,
            socket_timeout=5,
            health_check_interval=30,
            retry=Retry(ExponentialBackoff(cap=1, base=0.05), 3),
        )


def _key(schema_hash: str, name: str) -> str:
    # Braces keep the names of one schema on one node of a cluster, where alone they can be renamed.
    return f"features:{{{schema_hash}}}:{name}"


def _packed(event_time: float, features: Derived) -> bytes:
    """The event time in Unix seconds, then the values in the registry's order: a fifth the size of named values."""
    return _encode([event_time, *map(features.__getitem__, _NAMES)]).encode()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _AWAY as error:
        raise StoreUnavailableError(f"Redis: {error}") from error
