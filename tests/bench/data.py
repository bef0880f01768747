"""Ingestion and the feature store beside what one would use instead, on generated lists of growing length."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import redis
import sqlalchemy

from embedded_cloud import ports, postgres, processes, valkey
from generate import write
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetVersion
from mlops.features.stores import FeatureRow
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.schema import upgrade
from mlops.stores.prediction_log import RespPredictionLog
from titanic import USE_CASE

SIZES = [int(size) for size in os.environ.get("SIZES", "10000 100000 1000000").split()]
REPEATS = int(os.environ.get("REPEATS", "3"))
ROOT = Path(__file__).parents[2]
BARE = """
    DROP TABLE IF EXISTS bare; CREATE TABLE bare (
        "PassengerId" integer PRIMARY KEY, "Survived" smallint NOT NULL, "Pclass" smallint NOT NULL,
        "Name" text NOT NULL, "Sex" text NOT NULL, "Age" float8, "SibSp" smallint NOT NULL, "Parch" smallint NOT NULL,
        "Ticket" text, "Fare" float8, "Cabin" text, "Embarked" text
    )
"""
# The function in a process of its own, with files in place of S3: what it takes at most, in kB. Of the kernel's two
# figures the one that does not begin with what the parent had.
FUNCTION = """
import re, sys
from pathlib import Path
from mlops.stores import s3

class Files(s3.S3ObjectStore):
    def open(self, bucket, key, version=None):
        return Path(key).open("rb")
    def put(self, bucket, key, body, content_type):
        pass

s3.S3ObjectStore = Files
from ingestion.handler import load_file
load_file("bench", sys.argv[1])
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""

Row = dict[str, Any]


def rows() -> list[Row]:
    """The comparisons; rates in rows a second, times in microseconds, medians of what took turns."""
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as (database_url, redis_url):
        lists = {size: write(Path(folder) / f"{size}.csv", size) for size in SIZES}
        found: list[Row] = []
        for size, path in lists.items():
            found += ingestion(database_url, path, size)
        found += memory(database_url, lists)
        return found + features(database_url, redis_url, lists[min(SIZES[-1], 100_000)])


def row(
    name: str, figure: float, unit: str, against: str = "", other: float = 0, least: float = 0, most: float = 0
) -> Row:
    """One line of the table; `least` or `most` is the bar for the ratio."""
    ratio = figure / other if against else None
    holds = None if ratio is None or not (least or most) else ratio >= least if least else ratio <= most
    return {
        "name": f"data: {name}",
        "figure": round(figure, 2),
        "unit": unit,
        "against": against or None,
        "against_figure": round(other, 2) if against else None,
        "ratio": round(ratio, 3) if ratio is not None else None,
        "bar": least or most or None,
        "holds": holds,
    }


def ingestion(database_url: str, path: Path, size: int) -> list[Row]:
    """Load a list of which half a percent is bad into a fresh schema, and the same file without any judgement."""
    ours, bare = side_by_side(REPEATS, lambda: load(database_url, path), lambda: copy(database_url, path))
    # Once: it takes minutes.
    (pandas,) = side_by_side(1, lambda: to_sql(database_url, path))
    rate = size / ours
    large = size >= 1_000_000
    return [
        row(f"ingest {size:,} rows", rate, "rows/s", "bare \\copy", size / bare, least=0.25 if large else 0),
        row(f"ingest {size:,} rows", rate, "rows/s", "pandas.to_sql", size / pandas, least=10 if large else 0),
    ]


def load(database_url: str, path: Path) -> float:
    database = Database(database_url)
    with database.transaction() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    upgrade(database, USE_CASE)
    with path.open("rb") as file:
        started = time.perf_counter()
        dataset = PostgresDatasetStore(database, USE_CASE).load("bench", CsvContent(file, USE_CASE), 0.2)
        list(PostgresDatasetStore(database, USE_CASE).rejections(dataset.version))
        taken = time.perf_counter() - started
    assert 0 < dataset.rejected < dataset.rows
    return taken


def copy(database_url: str, path: Path) -> float:
    """psql's \\copy, as anybody would load the file."""
    execute(database_url, BARE)
    command = [postgres.BINARIES / "psql", "-qX", database_url, "-c", f"\\copy bare from '{path}' csv header"]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def to_sql(database_url: str, path: Path) -> float:
    execute(database_url, BARE)
    engine = sqlalchemy.create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))
    started = time.perf_counter()
    pd.read_csv(path).to_sql("bare", engine, if_exists="append", index=False, chunksize=10_000)
    taken = time.perf_counter() - started
    engine.dispose()
    return taken


def memory(database_url: str, lists: dict[int, Path]) -> list[Row]:
    """Peak resident memory of the function, which is to stay under 512 MB and flat."""
    peaks = {}
    for size, path in lists.items():
        execute(database_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        environment = {"DATABASE_URL": database_url, "DATA_BUCKET": "bench", "PYTHONPATH": str(ROOT / "functions")}
        command = [sys.executable, "-c", FUNCTION, str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        peaks[size] = int(done.stdout) / 1024
    *before, last = peaks
    return [
        row(f"memory of ingestion, {last:,} rows", peaks[last], "MB", "allowed", 512, most=1),
        *(
            row(f"memory of ingestion, {last:,} rows", peaks[last], "MB", f"{size:,} rows", peaks[size], most=1.1)
            for size in before[-1:]
        ),
    ]


def features(database_url: str, redis_url: str, path: Path) -> list[Row]:
    """Derive, materialise and read back one list."""
    database = Database(database_url)
    execute(database_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    upgrade(database, USE_CASE)
    store = PostgresDatasetStore(database, USE_CASE)
    with path.open("rb") as file:
        dataset = store.load("bench", CsvContent(file, USE_CASE), 0.2)
    known = [row.row for row in store.rows(dataset.version)]
    encoded = [json.dumps(each) for each in known]
    deriving, derived = measured(lambda: [USE_CASE.derive(passenger) for passenger in known])
    decoding, _ = measured(lambda: [json.loads(each) for each in encoded])
    client = redis.Redis.from_url(redis_url)
    online = RedisOnlineStore(redis_url, USE_CASE)
    entities = RespEntityReader(RespPredictionLog(redis_url), USE_CASE)
    named = [FeatureRow(str(number), 0, each) for number, each in enumerate(derived)]
    used = client.info("memory")["used_memory"]
    fresh = iter(range(1, 100))

    def publish() -> float:
        number = next(fresh)
        version = DatasetVersion(f"{number}", "bench", len(derived), 0, number, "", "")

        def staged_and_published() -> None:
            online.stage(version, USE_CASE.schema_hash, named)
            online.publish(version, USE_CASE.schema_hash)

        return measured(staged_and_published)[0] / len(derived)

    def one_set_per_row() -> float:
        few = list(islice(derived, 5_000))
        return measured(lambda: [client.set(f"p:{i}", json.dumps(each)) for i, each in enumerate(few)])[0] / len(few)

    publish()
    each = (client.info("memory")["used_memory"] - used) / len(derived)
    published, sets = side_by_side(REPEATS, publish, one_set_per_row)
    client.set("one", json.dumps(list(derived[0].values())))
    read, get = side_by_side(
        5_000,
        lambda: measured(lambda: entities.get("7"))[0],
        lambda: measured(lambda: client.get("one"))[0],
    )
    return [
        row(
            "derive, one core",
            len(known) / deriving,
            "rows/s",
            "decoding the row's JSON",
            len(known) / decoding,
            least=0.3,
        ),
        row("materialise", 1 / published, "rows/s", "one SET a row", 1 / sets, least=10),
        row("read one entity, decoded", read * 1e6, "µs", "bare GET", get * 1e6, most=1.5),
        row("online store, per passenger", each, "bytes"),
    ]


def measured(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def side_by_side(repeats: int, *measure: Callable[[], float]) -> list[float]:
    """The median of each measurement, all taking turns."""
    samples = [[one() for one in measure] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*samples, strict=True)]


def execute(database_url: str, statements: str) -> None:
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statements)
    connection.close()


@contextmanager
def servers(root: Path) -> Iterator[tuple[str, str]]:
    """A PostgreSQL and a Valkey of this run's own, as the embedded cloud runs them."""
    first, second = (ports.choose(f"BENCH_{name}_PORT", 28_000 + place) for place, name in enumerate(("PG", "VALKEY")))
    postgres.initialise(root / "postgres", "bench")
    services = [postgres.service(root / "postgres", first), valkey.service(root / "valkey", second, "bench")]
    try:
        for service in services:
            processes.start(root, service, root / f"{service.name}.log")
        yield postgres.url(first, "bench"), valkey.url(second, "bench")
    finally:
        for service in services:
            processes.stop(root, service.name)
