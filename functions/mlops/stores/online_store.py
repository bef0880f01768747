"""The online store in Redis or Valkey, as the features step writes it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from mlops.data.datasets import DatasetVersion
from mlops.errors import StoreUnavailableError
from mlops.features.stores import FeatureRow, incomplete
from mlops.stores.entity_reader import EVENT_TIME, VERSION, field, key, packed
from mlops.use_case import UseCase

# Seconds for connecting and for each answer.
TIMEOUT = 5.0
_PORTION = 1000
_ABANDONED_SECONDS = 3600
_OLD_SECONDS = 3600
_AWAY = (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, redis.OutOfMemoryError)

# The version that is current then; or how many fields there are of the new one, if they are not all. Repeated after a
# lost answer it finds the version current.
_SWITCH = """
local building, current, old = KEYS[1], KEYS[2], KEYS[3]
local lifetime, version, event_time, fields = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local newest = redis.call('HMGET', current, 'version', 'event_time')
if newest[1] == version or tonumber(newest[2] or 0) > tonumber(event_time) then
    redis.call('UNLINK', building)
    return newest[1]
end
if redis.call('HLEN', building) ~= fields then
    return redis.call('HLEN', building)
end
if newest[1] then
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
    Two writers of one version write the same, so it does not matter whose rows are whose.
    """

    def __init__(self, url: str, case: UseCase) -> None:
        self._url = url
        self._names = [feature.name for feature in case.features]

    def stage(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[FeatureRow]) -> bool:
        about = {VERSION: dataset.version, EVENT_TIME: repr(dataset.loaded_at)}
        with translated():
            there, newest = self._client.hmget(key(schema_hash, "current"), VERSION, EVENT_TIME)
            if there == dataset.version.encode() or float(newest or 0) > dataset.loaded_at:
                return False
            building, remaining = _building(dataset, schema_hash), iter(rows)
            while portion := list(islice(remaining, _PORTION)):
                values = {field(row.row_id): packed(dataset.loaded_at, row.features, self._names) for row in portion}
                with self._client.pipeline() as pipeline:
                    pipeline.hset(building, mapping={**about, **values})
                    pipeline.expire(building, _ABANDONED_SECONDS)
                    pipeline.execute()
        return True

    def publish(self, dataset: DatasetVersion, schema_hash: str) -> str:
        current = key(schema_hash, "current")
        with translated():
            old = self._client.hget(current, VERSION)
            keys = (_building(dataset, schema_hash), current, key(schema_hash, f"old:{old.decode() if old else None}"))
            about = (dataset.version, repr(dataset.loaded_at), dataset.rows + len((VERSION, EVENT_TIME)))
            there = self._client.eval(_SWITCH, len(keys), *keys, _OLD_SECONDS, *about)
        if isinstance(there, int):
            raise incomplete("online", dataset.version, max(there - len((VERSION, EVENT_TIME)), 0), dataset.rows)
        return str(there.decode())

    @cached_property
    def _client(self) -> Any:
        return client(self._url)


def _building(dataset: DatasetVersion, schema_hash: str) -> str:
    return key(schema_hash, f"building:{dataset.version}:{dataset.loaded_at!r}")


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
