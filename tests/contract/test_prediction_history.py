"""One suite for the prediction history: the fake and PostgreSQL keep the same promises."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fakes.prediction_history import MemoryPredictionHistory
from mlops.monitoring.stores import PredictionHistory
from mlops.serving import prediction_id
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
from titanic import USE_CASE

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(params=["memory", "postgres"])
def history(request: pytest.FixtureRequest) -> PredictionHistory:
    if request.param == "memory":
        return MemoryPredictionHistory()
    database: Database = request.getfixturevalue("database")
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE prediction_history, drains")
    return PostgresPredictionHistory(database, USE_CASE)


def entry(at: datetime = NOW) -> dict[str, Any]:
    return {
        "prediction_id": prediction_id.new(),
        "at": at.isoformat(),
        "model_version": "0123456789abcdef",
        "inputs": {"Name": "Ōkuma, Mr. 重信 \u0000"},
        "features": {"age": None},
        "probability": 0.1 + 0.2,
        "survived": 0,
    }


def test_each_prediction_is_kept_once(history: PredictionHistory) -> None:
    entries = [entry() for _ in range(2500)]

    assert history.keep(entries[:2000]) == 2000
    assert history.keep(entries[1000:]) == 500
    assert history.keep([*entries, entries[0]]) == 0
    names = {entries[number]["prediction_id"] for number in (0, 1500, 2499)}
    assert history.known([*names, prediction_id.new()]) == names


@pytest.mark.parametrize("name", ["", "nonsense", "\0", "0" * 32, "0" * 500])
def test_what_was_never_kept_is_not_there(history: PredictionHistory, name: str) -> None:
    history.keep([entry()])
    assert history.known([name]) == set()


def test_the_position_goes_forward_alone(history: PredictionHistory) -> None:
    assert history.position() == ""
    history.keep([entry()])
    assert history.position() == ""
    for position, expected in (("99-0", "99-0"), ("100-2", "100-2"), ("100-10", "100-10"), ("100-10-7", "100-10-7")):
        history.keep([], [], {"predictions": position})
        assert history.position() == expected
    assert history.position("outcomes") == ""


def test_an_earlier_release_is_gone_on_from_and_may_go_on(database: Database) -> None:
    history = PostgresPredictionHistory(database, USE_CASE)
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE drains; INSERT INTO drains VALUES ('prediction_history', '99-0')")
    assert (history.position(), history.position("outcomes")) == ("99-0", "")

    history.keep([], [], {"predictions": "100-0-7", "outcomes": "98-0-3"})
    assert (history.position(), history.position("outcomes")) == ("100-0-7", "98-0-3")
    with database.transaction() as cursor:
        cursor.execute("SELECT position FROM drains WHERE stream = 'prediction_history'")
        assert cursor.fetchall() == [("99-0",)]


def test_what_is_old_is_forgotten(history: PredictionHistory) -> None:
    old, new = entry(NOW - timedelta(days=2)), entry()
    history.keep([old, new])

    assert history.forget(NOW - timedelta(days=1)) == 1
    assert history.known([each["prediction_id"] for each in (old, new)]) == {new["prediction_id"]}


def test_an_outcome_joins_its_prediction_and_the_last_word_counts(database: Database) -> None:
    history, kept = PostgresPredictionHistory(database, USE_CASE), entry()
    said = [
        {"prediction_id": kept["prediction_id"], "survived": survived, "at": (NOW + timedelta(hours=hour)).isoformat()}
        for hour, survived in ((1, 0), (3, 1), (2, 0))
    ]
    history.keep([kept], [{**said[0], "prediction_id": prediction_id.new()}])
    for outcomes in ([said[0]], said[:2], [said[2]]):
        history.keep([], outcomes)

    with database.transaction() as cursor:
        cursor.execute(
            "SELECT outcome, probability, inputs FROM prediction_history WHERE prediction_id = %s",
            (kept["prediction_id"],),
        )
        assert cursor.fetchall() == [(1, 0.1 + 0.2, kept["inputs"])]


def test_of_two_drains_the_slower_one_undoes_nothing(database: Database) -> None:
    history = PostgresPredictionHistory(database, USE_CASE)
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE prediction_history, drains")
    history.keep([], [], {"predictions": "100-10"})
    history.keep([], [], {"predictions": "99-20"})
    history.keep([], [], {"predictions": "100-9"})
    assert history.position() == "100-10"
