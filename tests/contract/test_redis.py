"""What only a real Valkey can show: expiry, races, what is stored, a server that is away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import redis

from mlops.data.datasets import DatasetVersion
from mlops.errors import StoreUnavailableError
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.prediction_log import RespPredictionLog
from mlops.use_case import Derived
from titanic import USE_CASE

SCHEMA = USE_CASE.schema_hash
NOBODY = dict.fromkeys((column.name for column in USE_CASE.kept), None)
BRAUND = {**NOBODY, "Pclass": 3, "Name": "Braund, Mr. Owen", "Sex": "male", "SibSp": 0, "Parch": 0}


def rows(fare: float, count: int = 3) -> Iterator[tuple[str, Derived]]:
    features = USE_CASE.derive({**BRAUND, "Fare": fare})
    return ((str(number), features) for number in range(count))


def dataset(number: int) -> DatasetVersion:
    return DatasetVersion(f"v{number}", "here", 3, 0, 1_700_000_000.25, f"v{number}", "s")


def test_the_current_version_stays_and_the_one_it_replaced_expires(redis_url: str, valkey: "redis.Redis") -> None:
    store = RedisOnlineStore(redis_url, USE_CASE)
    for number in (1, 2):
        store.publish(dataset(number), SCHEMA, rows(number))

    lifetimes = {key.decode().rpartition("}:")[2]: valkey.ttl(key) for key in valkey.scan_iter()}
    assert lifetimes.pop("current") == -1
    assert list(lifetimes) == ["old:v1"]
    assert 0 < lifetimes["old:v1"] <= 3600


def test_what_a_dead_run_left_behind_expires(redis_url: str, valkey: "redis.Redis") -> None:
    def dying() -> Iterator[tuple[str, Derived]]:
        yield from rows(1, count=1500)
        raise MemoryError

    with pytest.raises(MemoryError):
        RedisOnlineStore(redis_url, USE_CASE).publish(dataset(1), SCHEMA, dying())

    (left,) = valkey.keys()
    assert 0 < valkey.ttl(left) <= 3600


def test_a_value_holds_its_event_time_and_no_label(redis_url: str, valkey: "redis.Redis") -> None:
    RedisOnlineStore(redis_url, USE_CASE).publish(dataset(1), SCHEMA, rows(7.25, count=1))

    (key,) = valkey.keys()
    assert valkey.hget(key, "id:0") == b'[1700000000.25,3,"male","Mr",null,0,0,1,1,7.25,0,"U",null,null,null]'


def test_readers_see_one_version_or_the_other_while_writers_race(redis_url: str, valkey: "redis.Redis") -> None:
    RedisOnlineStore(redis_url, USE_CASE).publish(dataset(0), SCHEMA, rows(0, 2000))
    done = Event()

    def write(number: int) -> None:
        RedisOnlineStore(redis_url, USE_CASE).publish(dataset(number), SCHEMA, rows(number, 2000))

    def read() -> int:
        entities, reads = RespEntityReader(RespPredictionLog(redis_url), USE_CASE), 0
        while not done.is_set():
            found = entities.get("1999")  # the row that is written last
            assert found is not None
            assert found.dataset_version == f"v{found.features['fare']}"  # a value and its version are of one moment
            reads += 1
        return reads

    with ThreadPoolExecutor(3) as threads:
        reading = threads.submit(read)
        try:
            list(threads.map(write, (1, 2, 1, 2)))
        finally:
            done.set()
        assert reading.result() > 0

    (current,) = (key for key in valkey.scan_iter() if key.endswith(b":current"))
    assert len({value for field, value in valkey.hgetall(current).items() if field.startswith(b"id:")}) == 1
    assert valkey.hlen(current) == 2002


def test_a_server_that_is_away_is_reported() -> None:
    url = "redis://127.0.0.1:1/0"

    with pytest.raises(StoreUnavailableError, match="Redis"):
        RespEntityReader(RespPredictionLog(url), USE_CASE).get("1")
    with pytest.raises(StoreUnavailableError, match="Redis"):
        RedisOnlineStore(url, USE_CASE).publish(dataset(1), SCHEMA, rows(1))
