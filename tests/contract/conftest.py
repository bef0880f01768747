"""Both sides of each contract: the fake in memory and the adapter on the real store, emptied for every test."""

from collections.abc import Iterator

import boto3
import pytest
import redis

from fakes.dataset_store import MemoryDatasetStore
from fakes.feature_stores import MemoryOfflineStore, MemoryOnlineStore
from fakes.object_store import MemoryObjectStore
from mlops.ports import DatasetStore, ObjectStore, OfflineStore, OnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.schema import upgrade
from mlops.stores.redis import RedisOnlineStore
from mlops.stores.s3 import S3ObjectStore


@pytest.fixture
def database(postgres_url: str) -> Database:
    """The real database at the schema's head, with empty tables."""
    database = Database(postgres_url)
    upgrade(database)
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE datasets, rejections, feature_sets, features")
        cursor.execute("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'passengers'::regclass")
        for (partition,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {partition}")
    return database


@pytest.fixture
def valkey(redis_url: str) -> Iterator["redis.Redis"]:
    """The real Valkey, emptied."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture(params=["memory", "postgres"])
def datasets(request: pytest.FixtureRequest) -> DatasetStore:
    if request.param == "memory":
        return MemoryDatasetStore()
    return PostgresDatasetStore(request.getfixturevalue("database"))


@pytest.fixture(params=["memory", "postgres"])
def offline(request: pytest.FixtureRequest) -> OfflineStore:
    if request.param == "memory":
        return MemoryOfflineStore()
    request.getfixturevalue("database")  # a connection of its own, as features has one for each store
    return PostgresOfflineStore(Database(request.getfixturevalue("postgres_url")))


@pytest.fixture(params=["memory", "redis"])
def online(request: pytest.FixtureRequest) -> OnlineStore:
    if request.param == "memory":
        return MemoryOnlineStore()
    request.getfixturevalue("valkey")
    return RedisOnlineStore(request.getfixturevalue("redis_url"))


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
