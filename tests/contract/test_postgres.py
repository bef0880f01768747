"""What only a real database can show: races, broken connections, interrupted loads, migrations."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from threading import Barrier
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import extensions

from mlops.data.csv_content import CsvContent
from mlops.errors import DatasetNotFoundError, StoreUnavailableError
from mlops.ports import FeatureRow
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.schema import upgrade

End = Callable[[str, extensions.connection], None]


@pytest.fixture
def new_database(postgres_url: str) -> Iterator[str]:
    """The URL of a database without any schema."""
    name = f"new_{uuid4().hex}"
    with closing(psycopg2.connect(postgres_url)) as server:
        server.autocommit = True
        server.cursor().execute(f"CREATE DATABASE {name}")
        yield postgres_url.rpartition("/")[0] + "/" + name
        server.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")


class Failing:
    """An upload whose connection breaks after a number of reads."""

    def __init__(self, body: bytes, reads: int) -> None:
        self._body, self._reads = BytesIO(body), reads

    def read(self, size: int, /) -> bytes:
        self._reads -= 1
        if self._reads < 0:
            raise StoreUnavailableError("the upload broke off")
        return self._body.read(min(size, 8192))


def test_deliveries_that_race_load_once_and_answer_the_same(
    postgres_url: str, database: Database, passenger_list: bytes
) -> None:
    together = Barrier(4)

    def deliver(source: int) -> object:
        store = PostgresDatasetStore(Database(postgres_url))
        together.wait(10)
        return store.load(str(source), CsvContent(BytesIO(passenger_list)), 0)

    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(deliver, range(4)))

    assert len(answers) == 1
    with database.transaction() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT passenger_id) FROM passengers")
        assert cursor.fetchone() == (891, 891)


@pytest.mark.parametrize("reads", [1, 4])
def test_an_upload_that_breaks_off_leaves_nothing_and_the_next_one_loads(
    database: Database, passenger_list: bytes, reads: int
) -> None:
    store = PostgresDatasetStore(database)

    with pytest.raises(StoreUnavailableError, match=r"^the upload broke off$"):
        store.load("here", CsvContent(Failing(passenger_list, reads)), 0)

    assert store.load("here", CsvContent(BytesIO(passenger_list)), 0).rows == 891


def test_a_features_run_that_dies_half_way_leaves_nothing(database: Database) -> None:
    store = PostgresOfflineStore(database)

    def rows(last: int) -> Iterator[FeatureRow]:
        yield from (FeatureRow(number, 1, {"sex": "male"}) for number in range(6000))
        if last:
            raise MemoryError

    with pytest.raises(MemoryError):
        store.write("v", "s", rows(1))

    with pytest.raises(DatasetNotFoundError):
        store.read("v", "s")
    assert store.write("v", "s", rows(0)) == 6000


def terminate(postgres_url: str, connection: extensions.connection) -> None:
    """As a shutdown ends a connection: with words."""
    with closing(psycopg2.connect(postgres_url)) as other, other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))


def silence(_: str, connection: extensions.connection) -> None:
    """As a kill of the server does: without a word."""
    with socket.socket(fileno=os.dup(connection.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("end", [terminate, silence])
def test_a_connection_that_breaks_in_use_is_reported_and_opened_anew(
    database: Database, postgres_url: str, end: End
) -> None:
    def use() -> None:
        with database.transaction() as cursor:
            end(postgres_url, cursor.connection)
            cursor.execute("SELECT 1")

    with pytest.raises(StoreUnavailableError):
        use()
    with database.transaction() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("end", [terminate, silence])
def test_a_connection_that_broke_while_idle_is_replaced_unnoticed(
    database: Database, postgres_url: str, end: End
) -> None:
    with database.transaction() as cursor:
        connection, backend = cursor.connection, cursor.connection.info.backend_pid
    end(postgres_url, connection)

    with database.transaction() as cursor:
        assert cursor.connection.info.backend_pid != backend


LATE = psycopg2.DatabaseError("server closed the connection unexpectedly")


class Late(extensions.cursor):
    """What libpq makes of a connection when writing to it fails before reading does."""

    def execute(self, *_: object) -> None:
        raise LATE


def test_a_loss_that_the_driver_has_no_name_for_is_one_too(database: Database) -> None:
    with pytest.raises(StoreUnavailableError, match="closed the connection"), database.transaction():
        raise LATE
    with database.transaction() as cursor:
        cursor.connection.cursor_factory = Late
        backend = cursor.connection.info.backend_pid
    with database.transaction() as cursor:
        assert cursor.connection.info.backend_pid != backend


def test_a_database_in_use_cannot_be_used_for_something_else(database: Database) -> None:
    with database.stream("SELECT generate_series(1, 20000)", ()) as rows:
        assert next(rows) == (1,)
        with pytest.raises(psycopg2.ProgrammingError), database.transaction():
            pass


def test_a_server_that_is_away_is_reported() -> None:
    with (
        pytest.raises(StoreUnavailableError, match="PostgreSQL"),
        Database("postgresql://x@127.0.0.1:1/x").transaction(),
    ):
        pass


def test_migrations_that_start_at_once_apply_once(new_database: str) -> None:
    together = Barrier(3)

    def start(_: int) -> None:
        database = Database(new_database)
        together.wait(10)
        upgrade(database)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(start, range(3)))

    with pytest.raises(DatasetNotFoundError):
        PostgresDatasetStore(Database(new_database)).find("x")


def test_datasets_of_an_older_schema_are_kept(new_database: str, passenger_list: bytes) -> None:
    database = Database(new_database)
    upgrade(database, "0001")
    with database.transaction() as cursor:
        cursor.execute("INSERT INTO datasets VALUES ('0123456789abcdef', 'here', 2, 0)")
        cursor.execute(
            "INSERT INTO passengers SELECT '0123456789abcdef', id, 1, 3, 'A, Miss. B', 'female', NULL, 0, 0 "
            "FROM generate_series(1, 2) AS id"
        )

    upgrade(database)

    store = PostgresDatasetStore(database)
    assert store.find("0123456789abcdef").rows == 2
    assert [row.passenger_id for row in store.passengers("0123456789abcdef")] == [1, 2]
    assert store.profiles("0123456789abcdef") == ({"rows": 0, "columns": {}}, None)
    new = store.load("here", CsvContent(BytesIO(passenger_list)), 0)
    assert sum(1 for _ in store.passengers(new.version)) == 891


def test_a_schema_at_its_head_or_beyond_is_left_without_loading_alembic(
    new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(new_database)
    upgrade(database)
    monkeypatch.setitem(sys.modules, "alembic", None)  # an import of it would raise

    upgrade(database)
    with database.transaction() as cursor:
        cursor.execute("UPDATE alembic_version SET version_num = '9999'")
    upgrade(database)
    with database.transaction() as cursor:
        cursor.execute("DELETE FROM alembic_version")
    with pytest.raises(ImportError):
        upgrade(database)
