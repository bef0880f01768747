"""Handlers as Lambda runs them: the real stores behind them, S3 in memory."""

import csv
import importlib.util
import io
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg2
import pytest
import redis

from fakes import survey
from fakes.object_store import MemoryObjectStore
from mlops import wiring
from mlops.data.cells import read_label, reader
from mlops.model.estimator import fit
from mlops.model.portable import Model, dump
from mlops.model.training_set import training_set
from mlops.registry.versions import CARD, MODEL, Registry
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.schema import upgrade
from mlops.stores.prediction_stream import RedisPredictionStream
from mlops.stores.telemetry import RedisTelemetry
from mlops.use_case import UseCase
from titanic import USE_CASE

FUNCTIONS = Path(__file__).parents[2] / "functions"
# Nothing answers there, and nothing else is to be reached.
AWS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "monitoring",
    "WATCHED_FUNCTIONS": "inference=titanic-inference",
    "DEAD_LETTER_QUEUES": "pipeline=http://127.0.0.1:9/queue",
    "NOTIFICATIONS_TOPIC": "arn:aws:sns:us-east-1:000000000000:notifications",
    "RETRAINING": "ON",
    "REPORT_RETENTION_DAYS": "90",
    "MODELS_KEPT": "30",
    "DATASETS_KEPT": "30",
    "RETRAINING_COOLDOWN_HOURS": "6",
    "RETRAININGS_A_DAY": "2",
    "BATCH_SCORING_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:batch-scoring",
    "PIPELINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:pipeline",
}
Handler = Callable[[dict[str, Any]], dict[str, Any]]
Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> MemoryObjectStore:
    """The object store that handlers find."""
    objects = MemoryObjectStore()
    monkeypatch.setattr("mlops.stores.s3.S3ObjectStore", lambda: objects)
    monkeypatch.setattr("mlops.stores.s3_reader.S3Reader", lambda _endpoint: objects)
    return objects


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, objects: MemoryObjectStore, postgres_url: str, redis_url: str) -> None:
    """A new execution environment over empty stores."""
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DATA_BUCKET", "titanic-data")
    monkeypatch.setenv("MODELS_BUCKET", "titanic-models")
    monkeypatch.setenv("PREDICTION_RETENTION_DAYS", "90")
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("USE_CASE", raising=False)
    wiring.use_case.cache_clear()


@pytest.fixture
def database_schema(environment: None, postgres_url: str) -> None:
    """The database as a deployment leaves it."""
    upgrade(Database(postgres_url), USE_CASE)


@pytest.fixture
def stream(redis_url: str) -> RedisPredictionStream:
    """What serving logged."""
    return RedisPredictionStream(redis_url)


@pytest.fixture
def telemetry(redis_url: str) -> RedisTelemetry:
    """What serving counted."""
    return RedisTelemetry(redis_url)


@pytest.fixture
def loaded(environment: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load a function's handler by its folder's name, once; `loaded.cache_clear()` begins a new environment."""

    @cache
    def loaded(function: str) -> ModuleType:
        monkeypatch.syspath_prepend(FUNCTIONS / function)
        spec = importlib.util.spec_from_file_location(f"{function}_handler", FUNCTIONS / function / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded


@pytest.fixture
def invoke(loaded: Callable[[str], ModuleType]) -> Callable[..., dict[str, Any]]:
    """Invoke a function by its folder's name; event and answer pass through JSON, as they do on Lambda."""

    def invoke(function: str, event: dict[str, Any]) -> dict[str, Any]:
        module = loaded(function)
        context = SimpleNamespace(
            function_name=function,
            memory_limit_in_mb=512,
            invoked_function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
            aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        )
        answer: dict[str, Any] = json.loads(json.dumps(module.handler(json.loads(json.dumps(event)), context)))
        return answer

    return invoke


@pytest.fixture
def sample() -> Callable[[str, str], dict[str, Any]]:
    """A sample event of a function."""

    def sample(function: str, name: str) -> dict[str, Any]:
        event: dict[str, Any] = json.loads((FUNCTIONS / function / "events" / f"{name}.json").read_text())
        return event

    return sample


@pytest.fixture
def champion(objects: MemoryObjectStore, environment: None, model: Model) -> str:
    registry = Registry(objects, "titanic-models", USE_CASE)
    version = registry.publish({MODEL: dump(model, USE_CASE), CARD: b'{"metrics": {"accuracy": 0.8}}'})
    registry.set_champion(version, "test", None)
    return version


@pytest.fixture
def http(invoke: Invoke, sample: Sample) -> Http:
    """Send a request by way of an API Gateway event; the status and the decoded answer."""

    def http(
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        event = {**sample("inference", "http"), "httpMethod": method, "path": path}
        for name, value in (headers or {}).items():
            event["multiValueHeaders"] = {**event["multiValueHeaders"], name: [value]}
        event["requestContext"] = {**event["requestContext"], "path": f"/live{path}", "httpMethod": method}
        event["body"] = body if isinstance(body, str | None) else json.dumps(body)
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in (query or {}).items()}
        answer = invoke("inference", event)
        assert answer["isBase64Encoded"] is False
        kind = answer["headers"]["content-type"]
        assert kind.startswith("application/problem+json" if answer["statusCode"] >= 400 else ("application", "text"))
        return answer["statusCode"], json.loads(answer["body"]) if "json" in kind else answer["body"]

    return http


@pytest.fixture
def survey_case(environment: None, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    """An environment of the second use case, as `USE_CASE` names it."""
    monkeypatch.setitem(sys.modules, "survey", survey)
    monkeypatch.setenv("USE_CASE", "survey")
    wiring.use_case.cache_clear()
    return survey.USE_CASE


@pytest.fixture
def survey_table(objects: MemoryObjectStore) -> list[dict[str, str]]:
    """600 rows, uploaded to `raw/survey.csv`."""
    text = io.StringIO()
    csv.writer(text).writerows(survey.lines(600))
    objects.put("titanic-data", "raw/survey.csv", text.getvalue().encode(), "text/csv")
    return list(csv.DictReader(io.StringIO(text.getvalue())))


@pytest.fixture
def survey_champion(survey_case: UseCase, survey_table: list[dict[str, str]], objects: MemoryObjectStore) -> str:
    case = survey_case
    readers = {column.name: reader(column) for column in case.kept}
    rows = []
    for number, each in enumerate(survey_table):
        features = case.derive({name: read(each[name]) for name, read in readers.items()})
        label = read_label(case.label, each[case.label.name])
        rows.append((str(number), label, [features[feature.name] for feature in case.features]))
    model, _ = fit(case, {"max_depth": 4}, training_set(case.features, rows))
    registry = Registry(objects, "titanic-models", case)
    version = registry.publish({MODEL: dump(model, case), CARD: b'{"metrics": {"accuracy": 0.8}}'})
    registry.set_champion(version, "test", None)
    return version
