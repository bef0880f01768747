"""Handlers as Lambda runs them: the real stores behind them, S3 in memory until an event is a file."""

import importlib.util
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg2
import pytest
import redis

from fakes.object_store import MemoryObjectStore
from mlops import wiring
from mlops.model.portable import Model, dump
from mlops.registry.versions import CARD, MODEL, Registry
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.schema import upgrade
from mlops.wiring import features, ingestion, training
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
    "RETRAINING_COOLDOWN_HOURS": "6",
    "RETRAININGS_A_DAY": "2",
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
    for wired in (wiring.use_case, ingestion.database, features._stores, training.training):
        wired.cache_clear()


@pytest.fixture
def database_schema(environment: None, postgres_url: str) -> None:
    """The database as a deployment leaves it."""
    upgrade(Database(postgres_url), USE_CASE)


@pytest.fixture
def invoke(environment: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Invoke a function by its folder's name; event and answer pass through JSON, as they do on Lambda."""

    @cache
    def loaded(function: str) -> ModuleType:
        monkeypatch.syspath_prepend(FUNCTIONS / function)
        spec = importlib.util.spec_from_file_location(f"{function}_handler", FUNCTIONS / function / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

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
