"""kill -9 of a function half-way: the stores hold the old version or the new one, and the next run completes it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from generate import write
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetVersion
from mlops.errors import DatasetNotFoundError
from mlops.features.featurize import Featurizing
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.prediction_log import RespPredictionLog
from titanic import USE_CASE

FUNCTIONS = Path(__file__).parents[2] / "functions"
ROWS = 2_000
# A run of the function's workflow that stops for ever where it is told to, until it is killed there.
RUN = """
import sys, time
from dataclasses import replace
from itertools import count
from mlops.stores.postgres.loading import Table
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.online_store import RedisOnlineStore
from mlops.data.csv_content import CsvContent
from mlops.features.featurize import Featurizing
from titanic import USE_CASE as case

step, where, postgres, valkey, subject = sys.argv[1:]

def stop(*_):
    print("there", flush=True)
    time.sleep(600)

def stopping_at(place, function):
    calls = count()
    return lambda *arguments: stop() if next(calls) == place else function(*arguments)

if step == "ingest":
    content = CsvContent(open(subject, "rb"), case)
    if where == "copying":
        content.read = stopping_at(1, content.read)
    elif where == "judged":
        Table.move = stop
    elif where == "moved":
        Table.profile = stop
    PostgresDatasetStore(Database(postgres), case).load("killed", content, 0.2)
else:
    online = RedisOnlineStore(valkey, case)
    if where == "switch":
        online._client.eval = stop
    else:
        # In the second portion: the first one is staged online, and nothing is offline.
        case = replace(case, derive=stopping_at(1500, case.derive))
    stores = PostgresDatasetStore(Database(postgres), case), PostgresOfflineStore(Database(postgres), case), online
    Featurizing(case, *stores).whole(subject)
print("done")
"""

Kill = Callable[[str, str, str], None]


@pytest.fixture
def kill(postgres_url: str, redis_url: str) -> Kill:
    """Run a step until it has come to a place, and kill it there."""

    def kill(step: str, where: str, subject: str) -> None:
        command = [sys.executable, "-c", RUN, step, where, postgres_url, redis_url, subject]
        environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n"
            process.send_signal(signal.SIGKILL)

    return kill


@pytest.fixture
def old(database: Database, valkey: "redis.Redis", postgres_url: str, redis_url: str, tmp_path: Path) -> DatasetVersion:
    """A version that is in all stores."""
    dataset = ingested(database, write(tmp_path / "old.csv", 100, seed=1, bad=0))
    Featurizing(USE_CASE, *stores(database, postgres_url, redis_url)).whole(dataset.version)
    return dataset


def stores(
    database: Database, postgres_url: str, redis_url: str
) -> tuple[PostgresDatasetStore, PostgresOfflineStore, RedisOnlineStore]:
    return (
        PostgresDatasetStore(database, USE_CASE),
        PostgresOfflineStore(Database(postgres_url), USE_CASE),
        RedisOnlineStore(redis_url, USE_CASE),
    )


def ingested(database: Database, path: Path) -> DatasetVersion:
    with path.open("rb") as file:
        return PostgresDatasetStore(database, USE_CASE).load("here", CsvContent(file, USE_CASE), 0.2)


def tables(database: Database) -> set[str]:
    with database.transaction() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE tablename ~ '^(rows_.*_|staging_)'")
        return {name for (name,) in cursor}


@pytest.mark.one_engine
@pytest.mark.parametrize("where", ["copying", "judged", "moved"])
def test_killed_ingestion_leaves_the_old_version_alone(
    database: Database, old: DatasetVersion, kill: Kill, tmp_path: Path, where: str
) -> None:
    path = write(tmp_path / "new.csv", ROWS)
    with path.open("rb") as file:
        content = CsvContent(file, USE_CASE)
        list(iter(content.read, b""))

    kill("ingest", where, str(path))

    store = PostgresDatasetStore(database, USE_CASE)
    with pytest.raises(DatasetNotFoundError):
        store.find(content.version)
    assert list(store.rejections(content.version)) == []
    assert sum(1 for _ in store.rows(old.version)) == 100
    new = ingested(database, path)
    assert (new.version, new.rows + new.rejected) == (content.version, ROWS)
    assert sum(1 for _ in store.rows(new.version)) == new.rows
    assert tables(database) == {f"rows_{USE_CASE.table_hash}_{each.version}" for each in (old, new)}


@pytest.mark.one_engine
@pytest.mark.parametrize("where", ["staged", "switch"])
def test_a_killed_features_run_leaves_the_old_version_online(
    database: Database, old: DatasetVersion, kill: Kill, postgres_url: str, redis_url: str, tmp_path: Path, where: str
) -> None:
    new = ingested(database, write(tmp_path / "new.csv", ROWS, bad=0))
    datasets, offline, online = stores(database, postgres_url, redis_url)
    entities = RespEntityReader(RespPredictionLog(redis_url), USE_CASE)

    def holds(version: str, count: int) -> bool:
        expected = {row.row_id: USE_CASE.derive(row.row) for row in datasets.rows(version)}
        found = {str(number): entities.get(str(number)) for number in range(1, ROWS + 1)}
        known = {row_id: entity.features for row_id, entity in found.items() if entity}
        return known == expected and len(expected) == count

    kill("featurize", where, new.version)

    assert holds(old.version, 100)
    if where == "staged":
        with pytest.raises(DatasetNotFoundError):
            offline.read(new.version, USE_CASE.schema_hash)
    assert Featurizing(USE_CASE, datasets, offline, online).whole(new.version)["online_version"] == new.version
    assert holds(new.version, ROWS)
    assert len(offline.read(new.version, USE_CASE.schema_hash)) == ROWS
