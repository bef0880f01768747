"""Broken exchanges with Redis and PostgreSQL: each prediction once, counted as answered, each record accounted for.

What is broken is tried again as the platform does it: the state machine its steps, the schedule its minute.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import psycopg2
import pytest

from fakes.object_store import MemoryObjectStore
from faulty import FAULTS, Fault, Proxy, proxied
from mlops.errors import StoreUnavailableError
from mlops.monitoring import drain
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.postgres import database as postgres
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
from mlops.stores.prediction_log import RespPredictionLog
from mlops.stores.telemetry import RedisTelemetry
from mlops.use_case import UseCase
from titanic import USE_CASE

Invoke = Callable[[str, Any], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}
PATIENCE = 0.3


@pytest.fixture
def valkey(environment: None, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands before Valkey; functions know no other."""
    monkeypatch.setattr("mlops.stores.prediction_log.TIMEOUT", 0.1)
    monkeypatch.setattr("mlops.stores.prediction_log.PAUSE", 0)
    monkeypatch.setattr("mlops.stores.online_store.TIMEOUT", 0.1)
    with proxied(redis_url, PATIENCE) as proxy:
        monkeypatch.setenv("REDIS_URL", proxy.url)
        yield proxy


@pytest.fixture
def database(database_schema: None, postgres_url: str, loaded: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands before PostgreSQL."""
    for function, name in (("inference", "dependencies.DATABASE_TIMEOUT"), ("monitoring", "tasks.TIMEOUT")):
        loaded(function)
        monkeypatch.setattr(name, 1.0)
    monkeypatch.setattr(postgres, "TIMEOUT", 1.0)
    monkeypatch.setitem(postgres._OPTIONS, "connect_timeout", 2)
    with proxied(postgres_url, PATIENCE) as proxy:
        monkeypatch.setenv("DATABASE_URL", proxy.url)
        yield proxy


@pytest.fixture
def spilled(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The predictions that went into inference's log."""
    loaded("inference")
    stream = StringIO()
    for handler in logging.getLogger("inference").handlers:
        monkeypatch.setattr(handler, "stream", stream)
    records = lambda: map(json.loads, stream.getvalue().splitlines())  # noqa: E731
    return lambda: [each["prediction"] for each in records() if "prediction" in each]


def stubborn(step: Callable[[], Any], tries: int = 5) -> Any:
    """What a step answers, tried again as the state machine does."""
    for _ in range(tries - 1):
        try:
            answer = step()
        except StoreUnavailableError:
            continue
        if not (isinstance(answer, dict) and "postponed" in answer):
            return answer
    return step()


def stored(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_prediction_is_kept_once_and_counted_as_answered(
    http: Http,
    champion: str,
    valkey: Proxy,
    invoke: Invoke,
    database_schema: None,
    spilled: Callable[[], list[dict[str, Any]]],
    redis_url: str,
    postgres_url: str,
    fault: Fault,
    after: int,
) -> None:
    answered: list[str] = []
    for number in range(12):
        if number in (1, 6):
            valkey.break_once(fault, after)
        if number % 2:
            status, answer = http("POST", "/predict", ROW)
            answered.append(answer["prediction_id"])
        else:
            status, answer = http("POST", "/predict/batch", {"rows": [ROW] * 3})
            answered += [each["prediction_id"] for each in answer["predictions"]]
        assert status == 200
    assert valkey.broken == 2
    assert http("POST", "/predict", {**ROW, "Pclass": 9})[0] == 422  # what is owed comes with any request

    stubborn(lambda: invoke("monitoring", {"task": "drain"}))
    drain.replay(PostgresPredictionHistory(Database(postgres_url), USE_CASE), spilled())
    kept = Counter(
        name for (name,) in stored(postgres_url, "SELECT replace(prediction_id::text, '-', '') FROM prediction_history")
    )
    assert kept == Counter(answered)
    totals = RedisTelemetry(redis_url).totals()
    assert sum(value for name, value in totals.items() if name.startswith("score|")) == len(answered)
    requests = {
        route: sum(v for name, v in totals.items() if name.startswith(f"request|POST|{route}|200"))
        for route in ("/predict", "/predict/batch")
    }
    assert requests == {"/predict": 6, "/predict/batch": 6}


@pytest.mark.parametrize("after", [0, 6])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_drain_that_breaks_off_keeps_each_prediction_once(
    http: Http,
    champion: str,
    invoke: Invoke,
    database: Proxy,
    postgres_url: str,
    fault: Fault,
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drain, "PORTION", 4)
    _, answer = http("POST", "/predict/batch", {"rows": [ROW] * 10})
    ids = [each["prediction_id"] for each in answer["predictions"]]
    database.break_once(fault, after)
    told = stubborn(lambda: http("POST", "/feedback", {"prediction_id": ids[0], "survived": 1})[0])
    stubborn(lambda: invoke("monitoring", {"task": "drain"}))

    assert database.broken == 1
    assert told == 202
    query = "SELECT replace(prediction_id::text, '-', ''), outcome FROM prediction_history"
    assert sorted(stored(postgres_url, query)) == sorted([(ids[0], 1), *((name, None) for name in ids[1:])])


@pytest.mark.parametrize("after", [0, 11])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_record_of_a_file_is_accounted_for(
    invoke: Invoke,
    objects: MemoryObjectStore,
    database: Proxy,
    postgres_url: str,
    passenger_list: bytes,
    case: UseCase,
    fault: Fault,
    after: int,
) -> None:
    bad = passenger_list.replace(b"\r\n5,0,3", b"\r\n5,0,4")
    objects.put("titanic-data", "raw/titanic.csv", bad, "text/csv")
    database.break_once(fault, after)
    answer = stubborn(lambda: invoke("ingestion", {"bucket": "titanic-data", "key": "raw/titanic.csv"}))

    assert database.broken == 1
    assert (answer["rows"], answer["rejected"]) == (890, 1)
    version = answer["dataset_version"]
    assert stored(postgres_url, f"SELECT count(*) FROM rows_{case.table_hash}") == [(890,)]
    assert stored(postgres_url, "SELECT version, rows, rejected FROM dataset_versions") == [(version, 890, 1)]
    assert stored(postgres_url, 'SELECT "row", field FROM rejected_cells') == [(5, "Pclass")]
    assert stored(postgres_url, "SELECT count(*) FROM pg_class WHERE relname LIKE 'staging_%'") == [(0,)]
    assert len(objects.get("titanic-data", answer["quarantine_key"])[0].splitlines()) == 1


@pytest.mark.parametrize("after", [4])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("where", ["valkey", "database"])
def test_features_are_written_whole_to_both_stores(
    request: pytest.FixtureRequest,
    invoke: Invoke,
    objects: MemoryObjectStore,
    database: Proxy,
    valkey: Proxy,
    redis_url: str,
    postgres_url: str,
    passenger_list: bytes,
    where: str,
    fault: Fault,
    after: int,
) -> None:
    objects.put("titanic-data", "raw/titanic.csv", passenger_list, "text/csv")
    version = invoke("ingestion", {"bucket": "titanic-data", "key": "raw/titanic.csv"})["dataset_version"]
    proxy: Proxy = request.getfixturevalue(where)
    proxy.break_once(fault, after)
    answer = stubborn(lambda: invoke("features", {"dataset_version": version}))

    assert proxy.broken == 1
    assert (answer["rows"], answer["online_version"]) == (891, version)
    assert stored(postgres_url, "SELECT count(*), count(DISTINCT row_id) FROM feature_rows") == [(891, 891)]
    entities = RespEntityReader(RespPredictionLog(redis_url), USE_CASE)
    assert all(entities.get(str(number)) for number in (1, 500, 891))
