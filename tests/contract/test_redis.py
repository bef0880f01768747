"""What only a real Valkey can show: expiry, races, what is stored, a server that is away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import redis

from mlops.data.datasets import DatasetVersion
from mlops.errors import StoreUnavailableError
from mlops.features.stores import FeatureRow
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.prediction_log import RespPredictionLog
from titanic import USE_CASE

SCHEMA = USE_CASE.schema_hash
NOBODY = dict.fromkeys((column.name for column in USE_CASE.kept), None)
BRAUND = {**NOBODY, "Pclass": 3, "Name": "Braund, Mr. Owen", "Sex": "male", "SibSp": 0, "Parch": 0}


def rows(fare: float, count: int) -> Iterator[FeatureRow]:
    features = USE_CASE.derive({**BRAUND, "Fare": fare})
    return (FeatureRow(str(number), 0, features) for number in range(count))


def dataset(number: int, count: int) -> DatasetVersion:
    """The one of a greater number was loaded later."""
    return DatasetVersion(f"v{number}", "here", count, 0, 1_700_000_000.25 + number, f"v{number}", "s")


def put(store: RedisOnlineStore, number: int, fare: float | None = None, count: int = 3) -> str:
    """Stage and publish a dataset of passengers who paid so much; the version that is online then."""
    store.stage(dataset(number, count), SCHEMA, rows(number if fare is None else fare, count))
    return store.publish(dataset(number, count), SCHEMA)


def test_the_current_version_stays_and_the_one_it_replaced_expires(redis_url: str, valkey: "redis.Redis") -> None:
    store = RedisOnlineStore(redis_url, USE_CASE)
    for number in (1, 2):
        put(store, number)

    lifetimes = {key.decode().rpartition("}:")[2]: valkey.ttl(key) for key in valkey.scan_iter()}
    assert lifetimes.pop("current") == -1
    assert list(lifetimes) == ["old:v1"]
    assert 0 < lifetimes["old:v1"] <= 3600


def test_what_a_dead_run_left_behind_expires(redis_url: str, valkey: "redis.Redis") -> None:
    def dying() -> Iterator[FeatureRow]:
        yield from rows(1, count=1500)
        raise MemoryError

    with pytest.raises(MemoryError):
        RedisOnlineStore(redis_url, USE_CASE).stage(dataset(1, 2000), SCHEMA, dying())

    (left,) = valkey.keys()
    assert 0 < valkey.ttl(left) <= 3600


def test_a_value_holds_its_event_time_and_no_label(redis_url: str, valkey: "redis.Redis") -> None:
    put(RedisOnlineStore(redis_url, USE_CASE), 1, 7.25, count=1)

    (key,) = valkey.keys()
    assert valkey.hget(key, "id:0") == b'[1700000001.25,3,"male","Mr",null,0,0,1,1,7.25,0,"U",null,null,null]'


def test_readers_see_one_version_or_the_other_while_writers_race(redis_url: str, valkey: "redis.Redis") -> None:
    put(RedisOnlineStore(redis_url, USE_CASE), 0, count=2000)
    done = Event()

    def write(number: int) -> None:
        assert put(RedisOnlineStore(redis_url, USE_CASE), number, count=2000) >= f"v{number}"

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
    assert (valkey.hlen(current), valkey.hget(current, "version")) == (2002, b"v2")


def test_a_server_that_is_away_is_reported() -> None:
    url = "redis://127.0.0.1:1/0"

    with pytest.raises(StoreUnavailableError, match="Redis"):
        RespEntityReader(RespPredictionLog(url), USE_CASE).get("1")
    with pytest.raises(StoreUnavailableError, match="Redis"):
        RedisOnlineStore(url, USE_CASE).publish(dataset(1, 3), SCHEMA)
    with pytest.raises(StoreUnavailableError, match="Redis"):
        RedisOnlineStore(url, USE_CASE).stage(dataset(1, 3), SCHEMA, rows(1, 3))
