"""Both sides of each contract: the fake in memory and the adapter on the real store, emptied for every test."""

from collections.abc import Iterator

import boto3
import pytest
import redis

from fakes.dataset_store import MemoryDatasetStore
from fakes.feature_stores import MemoryOfflineStore, MemoryOnlineStore
from fakes.object_store import MemoryObjectStore
from mlops.data.datasets import DatasetStore
from mlops.data.objects import ObjectStore
from mlops.features.stores import EntityReader, OfflineStore, OnlineStore
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.schema import upgrade
from mlops.stores.prediction_log import RespPredictionLog
from mlops.stores.s3 import S3ObjectStore
from mlops.use_case import UseCase

ENGINES = ("embedded", "17")
# Fixtures that lead to PostgreSQL, always or by a parameter of their own.
DIRECT, CHOSEN = {"postgres_url", "database"}, {"datasets", "offline", "decisions", "history"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of PostgreSQL runs on the embedded one and on that of Compose and AWS, unless it is `one_engine`."""
    one = metafunc.definition.get_closest_marker("one_engine")
    if not one and (DIRECT | CHOSEN) & set(metafunc.fixturenames):
        metafunc.fixturenames.append("engine")
        metafunc.parametrize("engine", ENGINES, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What runs in memory runs once."""

    def needless(item: pytest.Item) -> bool:
        given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        elsewhere = "postgres" not in given.values() and not DIRECT & set(getattr(item, "fixturenames", ()))
        return given.get("engine") == "17" and elsewhere

    config.hook.pytest_deselected(items=[item for item in items if needless(item)])
    items[:] = [item for item in items if not needless(item)]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Which PostgreSQL."""
    return str(getattr(request, "param", ENGINES[0]))


@pytest.fixture
def postgres_url(engine: str, postgres_url: str, request: pytest.FixtureRequest) -> str:
    """The PostgreSQL of one of the engines."""
    return postgres_url if engine == ENGINES[0] else str(request.getfixturevalue("postgres17_url"))


@pytest.fixture
def database(postgres_url: str, case: UseCase) -> Database:
    """The real database at the schema's head, with empty tables and none of rows."""
    database = Database(postgres_url)
    upgrade(database, case)
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE dataset_versions, rejected_cells, materialized_features, feature_rows")
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'p' AND relname LIKE 'rows_%'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {table}")
    return database


@pytest.fixture
def valkey(redis_url: str) -> Iterator["redis.Redis"]:
    """The real Valkey, emptied."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture(params=["memory", "postgres"])
def datasets(request: pytest.FixtureRequest, case: UseCase) -> DatasetStore:
    if request.param == "memory":
        return MemoryDatasetStore(case)
    return PostgresDatasetStore(request.getfixturevalue("database"), case)


@pytest.fixture(params=["memory", "postgres"])
def offline(request: pytest.FixtureRequest, case: UseCase) -> OfflineStore:
    if request.param == "memory":
        return MemoryOfflineStore(case)
    request.getfixturevalue("database")  # a connection of its own, as features has one for each store
    return PostgresOfflineStore(Database(request.getfixturevalue("postgres_url")), case)


@pytest.fixture(params=["memory", "redis"])
def online_and_reader(request: pytest.FixtureRequest, case: UseCase) -> tuple[OnlineStore, EntityReader]:
    if request.param == "memory":
        store = MemoryOnlineStore(case)
        return store, store
    request.getfixturevalue("valkey")
    url = request.getfixturevalue("redis_url")
    return RedisOnlineStore(url, case), RespEntityReader(RespPredictionLog(url), case)


@pytest.fixture
def online(online_and_reader: tuple[OnlineStore, EntityReader]) -> OnlineStore:
    """The online store as the features step writes it."""
    return online_and_reader[0]


@pytest.fixture
def entities(online_and_reader: tuple[OnlineStore, EntityReader]) -> EntityReader:
    """The same online store as serving reads it."""
    return online_and_reader[1]


@pytest.fixture
def bucket() -> str:
    return "contract-tests"


@pytest.fixture(params=["memory", "s3"])
def objects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, bucket: str) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjectStore()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": request.getfixturevalue("s3_endpoint_url"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket=bucket)
    return S3ObjectStore()
