"""Labelled rows and the ledger of decisions, in PostgreSQL."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from mlops.data import labels
from mlops.data.csv_content import CsvContent
from mlops.monitoring.retraining import Retraining
from mlops.serving import prediction_id
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
from mlops.stores.postgres.retrainings import PostgresRetrainings
from titanic import USE_CASE

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
INPUTS = {"Pclass": 3, "Sex": "male", "SibSp": 0, "Parch": 0, "Age": 38.0, "Fare": None, "Cabin": None, "Embarked": "S"}


@pytest.fixture
def database(database: Database) -> Database:
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE prediction_history, labelled_rows, retrainings; DELETE FROM drains")
    return database


@pytest.fixture
def retrainings(database: Database) -> PostgresRetrainings:
    return PostgresRetrainings(database, USE_CASE)


def predicted(database: Database, name: str, survived: int, minute: int, **more: Any) -> str:
    """Log a prediction whose outcome is told a minute later."""
    id_, at = prediction_id.new(), NOW + timedelta(minutes=minute)
    entry = {"prediction_id": id_, "at": at.isoformat(), "model_version": "m", "features": {}, "probability": 0.7}
    inputs = {**INPUTS, "Name": name, "Ticket": "T 1", **more}
    told = {"prediction_id": id_, "survived": survived, "at": (at + timedelta(minutes=1)).isoformat()}
    PostgresPredictionHistory(database, USE_CASE).keep([{**entry, "inputs": inputs, "survived": 1}], [told])
    return id_


def test_a_passenger_who_was_predicted_twice_is_one_and_the_last_word_counts(
    database: Database, retrainings: PostgresRetrainings
) -> None:
    predicted(database, "Doe, Mr. John", 1, 0)
    predicted(database, "Doe,  MR. john ", 0, 1, Age=99.0)
    other = predicted(database, "Doe, Mr. John", 1, 2, Ticket=None)

    john, stranger = retrainings.labelled()
    assert (john.row.label, john.row.row["Age"]) == (0, 99.0)
    assert int(john.row.row_id) > 1_000_000_000
    assert (stranger.prediction_id.replace("-", ""), stranger.row.row["Ticket"]) == (other, None)

    predicted(database, "Doe, Mr. John", 1, 3)
    again = retrainings.labelled()
    assert [each.row.row_id for each in again] == [john.row.row_id, stranger.row.row_id]
    assert again[0].row.label == 1


def test_an_outcome_of_a_clock_that_is_ahead_hides_none_that_follow(
    database: Database, retrainings: PostgresRetrainings
) -> None:
    ahead = int((datetime.now(UTC) - NOW) / timedelta(minutes=1)) + 24 * 60
    predicted(database, "Doe, Mr. John", 1, ahead)
    assert len(retrainings.labelled()) == 1
    predicted(database, "Roe, Mrs. Jane", 0, ahead - 24 * 60)

    assert [each.row.row["Name"] for each in retrainings.labelled()] == ["Doe, Mr. John", "Roe, Mrs. Jane"]


def test_names_that_no_list_has_as_they_are_make_a_list_that_is_taken(
    database: Database, retrainings: PostgresRetrainings
) -> None:
    """The API takes any text; neither the ledger nor the next dataset may fail of it."""
    predicted(database, "Doe\rMr. John", 1, 0, Age=1e-30, Fare=1e-200)
    predicted(database, 'Ro\0e, Mrs.\n"Jane"', 0, 1)
    predicted(database, "Poe, Mr. E", 0, 2, Cabin="C\0 85")

    known = labels.newly_known(USE_CASE, [], retrainings.labelled())
    assert [each.row.row["Name"] for each in known] == ["Doe\rMr. John"]
    content = CsvContent(BytesIO(labels.as_csv(USE_CASE, [each.row for each in known])), USE_CASE)
    dataset = PostgresDatasetStore(database, USE_CASE).load("here", content, 0)
    assert dataset.rows == 1
    (loaded,) = PostgresDatasetStore(database, USE_CASE).rows(dataset.version)
    assert [loaded.row[name] for name in ("Name", "Age", "Fare")] == ["Doe\rMr. John", 1e-30, 0.0]


def test_ids_are_not_used_up_by_looking(database: Database, retrainings: PostgresRetrainings) -> None:
    for minute in range(5):
        predicted(database, f"Number {minute}, Mr. A", 1, minute)
        retrainings.labelled()

    ids = [int(each.row.row_id) for each in retrainings.labelled()]
    assert ids == list(range(ids[0], ids[0] + 5))


def test_how_right_a_model_was(database: Database) -> None:
    for minute in range(6):
        predicted(database, f"Number {minute}, Mr. A", int(minute < 4), minute)
    history = PostgresPredictionHistory(database, USE_CASE)

    assert history.outcomes("m", 100) == (4, 6)
    assert history.outcomes("m", 3) == (1, 3)
    assert history.outcomes("another", 100) == (0, 0)


def test_decisions_are_kept_with_their_evidence(retrainings: PostgresRetrainings) -> None:
    held = Retraining(NOW, "held", None, "no reason", False, evidence={"sustained": 0})
    started = Retraining(NOW, "started", "drift", "a reason", False, "feed", evidence={"psi": {"age": 0.4}})
    for each in (held, started):
        retrainings.decide(lambda _, each=each: each, 10)  # type: ignore[misc]

    assert retrainings.recent(10) == [started, held]
    assert retrainings.recent(1) == [started]
    retrainings.link([("feed", "arn:1"), ("none", "arn:2")])
    retrainings.link([("feed", "arn:3")])
    assert retrainings.recent(1) == [replace(started, execution="arn:1")]


def test_decisions_are_made_one_after_the_other(postgres_url: str, database: Database) -> None:
    def decision(earlier: Sequence[Retraining]) -> Retraining:
        return Retraining(NOW, "held" if earlier else "started", None, "", False)

    def decide() -> None:
        PostgresRetrainings(Database(postgres_url), USE_CASE).decide(decision, 10)

    threads = [threading.Thread(target=decide) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    decided = PostgresRetrainings(database, USE_CASE).recent(100)
    assert [each.decision for each in decided] == ["held"] * 7 + ["started"]


def test_what_raises_decides_nothing(retrainings: PostgresRetrainings) -> None:
    def decision(_: Sequence[Retraining]) -> Retraining:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retrainings.decide(decision, 10)
    assert retrainings.recent(10) == []


def test_of_a_database_without_tables_nothing_is_known(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.transaction() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert PostgresRetrainings(database, USE_CASE).recent(10) == []
    assert PostgresPredictionHistory(database, USE_CASE).outcomes("m", 10) == (0, 0)
