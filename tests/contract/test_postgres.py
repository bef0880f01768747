"""What only a real database can show: races, broken connections, interrupted loads, migrations."""

import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from threading import Barrier
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import extensions

from fakes import survey
from mlops.data.csv_content import CsvContent
from mlops.errors import DatasetNotFoundError, StoreUnavailableError
from mlops.features.stores import FeatureRow
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
from mlops.stores.postgres.retrainings import PostgresRetrainings
from mlops.stores.postgres.schema import upgrade
from titanic import USE_CASE

NOTHING = dict.fromkeys((feature.name for feature in USE_CASE.features), None)
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
        store = PostgresDatasetStore(Database(postgres_url), USE_CASE)
        together.wait(10)
        return store.load(str(source), CsvContent(BytesIO(passenger_list), USE_CASE), 0)

    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(deliver, range(4)))

    assert len(answers) == 1
    with database.transaction() as cursor:
        cursor.execute(f"SELECT count(*), count(DISTINCT row_id) FROM rows_{USE_CASE.table_hash}")
        assert cursor.fetchone() == (891, 891)


@pytest.mark.parametrize("reads", [1, 4])
def test_an_upload_that_breaks_off_leaves_nothing_and_the_next_one_loads(
    database: Database, passenger_list: bytes, reads: int
) -> None:
    store = PostgresDatasetStore(database, USE_CASE)

    with pytest.raises(StoreUnavailableError, match=r"^the upload broke off$"):
        store.load("here", CsvContent(Failing(passenger_list, reads), USE_CASE), 0)

    assert store.load("here", CsvContent(BytesIO(passenger_list), USE_CASE), 0).rows == 891


def test_a_features_run_that_dies_half_way_leaves_nothing(database: Database) -> None:
    store = PostgresOfflineStore(database, USE_CASE)

    def rows(last: int) -> Iterator[FeatureRow]:
        yield from (FeatureRow(str(number), 1, NOTHING) for number in range(6000))
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
        upgrade(database, USE_CASE)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(start, range(3)))

    with pytest.raises(DatasetNotFoundError):
        PostgresDatasetStore(Database(new_database), USE_CASE).find("x")


# The tables of the release before the machinery had its own, as its migrations left them.
EARLIER = """
    CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
    INSERT INTO alembic_version VALUES ('0005');
    CREATE TABLE datasets (
        version text PRIMARY KEY, source text NOT NULL, rows integer NOT NULL, rejected integer NOT NULL,
        loaded_at timestamptz NOT NULL DEFAULT now(), digest text NOT NULL DEFAULT '', schema text NOT NULL DEFAULT '',
        profile json
    );
    CREATE TABLE passengers (
        dataset_version text NOT NULL, passenger_id integer NOT NULL, survived smallint NOT NULL,
        pclass smallint NOT NULL, name text NOT NULL, sex text NOT NULL, age double precision,
        sibsp smallint NOT NULL, parch smallint NOT NULL, ticket text, fare double precision, cabin text,
        embarked text, PRIMARY KEY (dataset_version, passenger_id)
    ) PARTITION BY LIST (dataset_version);
    CREATE TABLE rejections (
        dataset_version text NOT NULL, "row" bigint NOT NULL, field text NOT NULL, value text NOT NULL,
        reason text NOT NULL, PRIMARY KEY (dataset_version, "row", field)
    );
    CREATE TABLE feature_sets (
        dataset_version text NOT NULL, schema_hash text NOT NULL, rows integer NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (dataset_version, schema_hash)
    );
    CREATE TABLE features (
        dataset_version text NOT NULL, schema_hash text NOT NULL, passenger_id integer NOT NULL,
        survived smallint NOT NULL, features json NOT NULL, PRIMARY KEY (dataset_version, schema_hash, passenger_id)
    );
    CREATE TABLE predictions (
        prediction_id uuid PRIMARY KEY, at timestamptz NOT NULL, correlation_id text, model_version text NOT NULL,
        inputs json NOT NULL, features json NOT NULL, probability double precision NOT NULL,
        survived smallint NOT NULL, outcome smallint, outcome_at timestamptz
    );
    CREATE INDEX predictions_at ON predictions (at);
    CREATE INDEX predictions_outcome ON predictions (model_version, at) WHERE outcome IS NOT NULL;
    CREATE INDEX predictions_outcome_at ON predictions (outcome_at) WHERE outcome IS NOT NULL;
    CREATE TABLE drains (stream text PRIMARY KEY, position text NOT NULL);
    CREATE TABLE decisions (
        decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,
        model_version text NOT NULL, decision text NOT NULL, reason text NOT NULL, champion text, previous text,
        evidence json NOT NULL, UNIQUE (model_version, at, decision)
    );
    CREATE TABLE labelled_passengers (
        passenger_id integer GENERATED ALWAYS AS IDENTITY (START WITH 1000000001) PRIMARY KEY,
        identity text NOT NULL UNIQUE, prediction_id uuid NOT NULL, inputs json NOT NULL, survived smallint NOT NULL,
        told_at timestamptz NOT NULL
    );
    CREATE TABLE retrainings (
        retraining_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, decision text NOT NULL,
        trigger text, reason text NOT NULL, dry_run boolean NOT NULL, dataset_version text, execution text,
        evidence json NOT NULL
    );
    INSERT INTO datasets VALUES ('0123456789abcdef', 'here', 2, 0);
    CREATE TABLE passengers_0123456789abcdef PARTITION OF passengers FOR VALUES IN ('0123456789abcdef');
    INSERT INTO passengers SELECT '0123456789abcdef', id, 1, 3, 'A, Miss. B', 'female', NULL, 0, 0
        FROM generate_series(1, 2) AS id;
    INSERT INTO drains VALUES ('predictions', '100-10');
    INSERT INTO decisions (at, model_version, decision, reason, champion, previous, evidence)
        VALUES ('2026-01-01', '1111111111111111', 'crowned', 'by hand', '1111111111111111', NULL, '{}');
    INSERT INTO retrainings (at, decision, trigger, reason, dry_run, evidence)
        VALUES ('2026-01-01', 'held', NULL, 'no reason', false, '{}');
"""
INPUTS = {
    **{"Pclass": 3, "Name": "Ōkuma, Mr. 重信 \u0000", "Sex": "male", "Age": 0.1 + 0.2, "SibSp": 0, "Parch": 0},
    **{"Ticket": "T 1", "Fare": None, "Cabin": None, "Embarked": "S"},
}
OF_EARLIER = ("datasets", "passengers", "drains", "decisions", "labelled_passengers", "retrainings", "predictions")


@pytest.fixture
def earlier_database(new_database: str) -> Database:
    """A database that the release before has used: three predictions, two of known outcome, one of these gathered."""
    database = Database(new_database)
    with database.transaction() as cursor:
        cursor.execute(EARLIER)
        for number, outcome in ((1, 1), (2, 0), (3, None)):
            told_at = None if outcome is None else f"2026-01-0{number + 1}"
            about = (predicted(number), "m", json.dumps(INPUTS), outcome, told_at)
            cursor.execute(
                "INSERT INTO predictions VALUES (%s, '2026-01-01', 'r', %s, %s, '{\"age\": null}', 0.7, 1, %s, %s)",
                about,
            )
        gathered = (predicted(1), json.dumps(INPUTS))
        cursor.execute(
            "INSERT INTO labelled_passengers (identity, prediction_id, inputs, survived, told_at) "
            "VALUES ('ōkuma, mr. 重信|t 1', %s, %s, 1, '2026-01-02')",
            gathered,
        )
    return database


def predicted(number: int) -> str:
    return f"{number:032x}"


def contents(database: Database, tables: Iterable[str]) -> dict[str, list[str]]:
    """All rows of some tables, as text."""
    found = {}
    with database.transaction() as cursor:
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} AS t ORDER BY 1")
            found[table] = [text for (text,) in cursor]
    return found


def test_predictions_and_labels_of_the_release_before_are_kept(earlier_database: Database) -> None:
    before = contents(earlier_database, OF_EARLIER)

    upgrade(earlier_database, USE_CASE)

    assert contents(earlier_database, OF_EARLIER) == before, "the release before serves on over its own tables"
    history = PostgresPredictionHistory(earlier_database, USE_CASE)
    assert history.known([predicted(number) for number in range(5)]) == {predicted(number) for number in (1, 2, 3)}
    assert history.outcomes("m", 10) == (1, 2)
    with earlier_database.transaction() as cursor:
        cursor.execute("SELECT inputs, probability, label, row_id FROM prediction_history LIMIT 1")
        assert cursor.fetchone() == (INPUTS, 0.7, 1, None)
    retrainings = PostgresRetrainings(earlier_database, USE_CASE)
    (labelled,) = retrainings.labelled()
    assert (labelled.row.row_id, labelled.row.label, labelled.row.row) == ("1000000001", 0, INPUTS)
    assert [each.decision for each in retrainings.recent(10)] == ["held"]


def test_a_row_labelled_after_the_upgrade_gets_a_number_of_its_own(earlier_database: Database) -> None:
    upgrade(earlier_database, USE_CASE)
    history = PostgresPredictionHistory(earlier_database, USE_CASE)
    entry = {
        "prediction_id": predicted(9),
        "at": "2026-01-03",
        "model_version": "m",
        "features": {},
        "probability": 0.7,
    }
    told = {"prediction_id": predicted(9), "survived": 1, "at": "2026-01-04"}
    history.keep([{**entry, "inputs": {**INPUTS, "Name": "Doe, Mr. John"}, "survived": 1}], [told])

    labelled = PostgresRetrainings(earlier_database, USE_CASE).labelled()

    assert [(each.row.row_id, each.row.row["Name"]) for each in labelled] == [
        ("1000000001", INPUTS["Name"]),
        ("1000000002", "Doe, Mr. John"),
    ]


def test_an_upgrade_is_idempotent_and_takes_what_the_release_before_still_drains(earlier_database: Database) -> None:
    upgrade(earlier_database, USE_CASE)
    tables = ("prediction_history", "labelled_rows", "mlops_schema")
    after = contents(earlier_database, tables)

    upgrade(earlier_database, USE_CASE)
    assert contents(earlier_database, tables) == after

    with earlier_database.transaction() as cursor:
        cursor.execute(
            "INSERT INTO predictions SELECT %s, at, correlation_id, model_version, inputs, features, probability, "
            "survived FROM predictions LIMIT 1",
            (predicted(4),),
        )
    upgrade(earlier_database, USE_CASE)
    history = PostgresPredictionHistory(earlier_database, USE_CASE)
    assert history.known([predicted(4)]) == {predicted(4)}


def test_a_use_case_that_had_no_release_before_is_upgraded_too(new_database: str) -> None:
    upgrade(Database(new_database), survey.USE_CASE)

    assert PostgresRetrainings(Database(new_database), survey.USE_CASE).labelled() == []


def test_a_database_without_tables_names_the_remedy(new_database: str, passenger_list: bytes) -> None:
    store = PostgresDatasetStore(Database(new_database), USE_CASE)

    for call in (
        lambda: store.find("x"),
        lambda: store.load("here", CsvContent(BytesIO(passenger_list), USE_CASE), 0),
    ):
        with pytest.raises(StoreUnavailableError, match=r'\{"migrate": true\}'):
            call()
