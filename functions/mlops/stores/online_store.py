"""The online store in Redis or Valkey, as the features step writes it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import uuid4

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from mlops.data.datasets import DatasetVersion
from mlops.errors import StoreUnavailableError
from mlops.stores.entity_reader import EVENT_TIME, VERSION, field, key, packed
from mlops.use_case import Derived, UseCase

# Seconds for connecting and for each answer.
TIMEOUT = 5.0
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
    """Implements `features.stores.OnlineStore`.

    A version is built under a name of its own and then renamed: the name that readers use is the pointer, so a
    read is one command, and the switch is atomic. What it replaces expires, as does what a dead writer left behind.
    """

    def __init__(self, url: str, case: UseCase) -> None:
        self._url = url
        self._names = [feature.name for feature in case.features]

    def publish(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[tuple[str, Derived]]) -> str:
        current = key(schema_hash, "current")
        with translated():
            old, newest = self._client.hmget(current, VERSION, EVENT_TIME)
            if old == dataset.version.encode() or float(newest or 0) > dataset.loaded_at:
                return str(old.decode())
            building = key(schema_hash, f"building:{uuid4().hex}")
            about = {VERSION: dataset.version, EVENT_TIME: repr(dataset.loaded_at)}
            self._client.hset(building, mapping=about)
            self._client.expire(building, _ABANDONED_SECONDS)
            remaining = iter(rows)
            while portion := list(islice(remaining, _PORTION)):
                values = {field(row_id): packed(dataset.loaded_at, row, self._names) for row_id, row in portion}
                self._client.hset(building, mapping=values)
            keys = (building, current, key(schema_hash, f"old:{old.decode() if old else None}"))
            there = self._client.eval(_SWITCH, len(keys), *keys, _OLD_SECONDS, *about.values())
            return str(there.decode())

    @cached_property
    def _client(self) -> Any:
        return client(self._url)


def client(url: str, timeout: float | None = None, tries: int = 3) -> Any:
    """A client whose commands are tried again."""
    timeout = timeout or TIMEOUT
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=min(timeout, 2.0),
        socket_timeout=timeout,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), tries),
    )


@contextmanager
def translated() -> Iterator[None]:
    """A Redis that is away is StoreUnavailableError."""
    try:
        yield
    except _AWAY as error:
        raise StoreUnavailableError(f"Redis: {error}") from error
