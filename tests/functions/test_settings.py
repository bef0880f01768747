"""Settings and events that cannot work: an error that names them at once, never an outage to wait for."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest

from mlops import settings
from mlops.errors import InvalidInputError
from mlops.settings import SettingMissingError
from mlops.stores.s3 import S3ObjectStore
from mlops.stores.s3_reader import S3Reader

Invoke = Callable[[str, Any], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
BUCKET = "names-that-can-be"
NAMES = [
    *((bucket, "key") for bucket in ("", " ", "two words", "a/b", "\0", "\ud800", "b" * 256)),
    *((BUCKET, key) for key in ("", "a\0b", "\ud800", "k" * 1025, "é" * 513)),
]
DOORS: dict[str, Callable[[S3ObjectStore, S3Reader, str, str], object]] = {
    "get": lambda store, _, bucket, key: store.get(bucket, key),
    "open": lambda store, _, bucket, key: store.open(bucket, key),
    "put": lambda store, _, bucket, key: store.put(bucket, key, b"", "text/plain"),
    "replace": lambda store, _, bucket, key: store.replace(bucket, key, b"", "text/plain", None),
    "keys": lambda store, _, bucket, key: list(store.keys(bucket, key or "\0")),
    "reader's get": lambda _, reader, bucket, key: reader.get(bucket, key),
    "reader's keys": lambda _, reader, bucket, key: list(reader.keys(bucket, key or "\0")),
}


@pytest.fixture
def s3(s3_endpoint_url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[S3ObjectStore, S3Reader]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_endpoint_url)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return S3ObjectStore(), S3Reader(s3_endpoint_url)


@pytest.mark.parametrize(("bucket", "key"), NAMES, ids=ascii)
@pytest.mark.parametrize("door", DOORS)
def test_a_name_that_no_store_can_have_is_bad_input(
    s3: tuple[S3ObjectStore, S3Reader], door: str, bucket: str, key: str
) -> None:
    with pytest.raises(InvalidInputError):
        DOORS[door](*s3, bucket, key)


def test_a_bucket_that_is_not_there_is_named_by_those_that_write_and_list(s3: tuple[S3ObjectStore, S3Reader]) -> None:
    store, _ = s3
    for call in (lambda: store.put("not-there", "k", b"", "text/plain"), lambda: list(store.keys("not-there", ""))):
        with pytest.raises(InvalidInputError, match="There is no bucket 'not-there'"):
            call()


@pytest.mark.parametrize(
    ("function", "event"),
    [
        ("ingestion", {"bucket": "", "key": "raw/titanic.csv"}),
        ("ingestion", {"bucket": "titanic-data", "key": ""}),
        ("ingestion", {"bucket": "titanic-data", "key": "raw/\0.csv"}),
        ("ingestion", {"detail": {"bucket": {"name": ""}, "object": {"key": ""}}}),
        ("features", {"dataset_version": "a\0b"}),
        ("features", {"dataset_version": ""}),
        ("training", {"step": "plan", "dataset_version": "\0", "schema_hash": "x"}),
        ("training", {"step": "fit", "dataset_version": "", "schema_hash": "\0", "evaluations": []}),
        ("training", {"step": "promote", "model_version": "\0"}),
        ("monitoring", {"task": "replay", "hours": "\0"}),
    ],
)
def test_an_event_with_empty_or_broken_names_is_bad_input(
    invoke: Invoke, database_schema: None, function: str, event: Any
) -> None:
    with pytest.raises(InvalidInputError):
        invoke(function, event)


@pytest.mark.parametrize(
    ("function", "event", "setting", "value"),
    [
        ("ingestion", {"migrate": True}, "DATABASE_URL", "localhost:5432"),
        ("ingestion", {"bucket": "b", "key": "k"}, "DATA_BUCKET", ""),
        ("ingestion", {"bucket": "b", "key": "k"}, "DATA_BUCKET", "s3://titanic-data"),
        ("features", {"dataset_version": "x"}, "REDIS_URL", "localhost:6379"),
        ("training", {"step": "promote", "model_version": "x"}, "MODELS_BUCKET", " "),
        ("monitoring", {"task": "drain"}, "PREDICTION_RETENTION_DAYS", "ninety"),
        ("monitoring", {"task": "watch"}, "WATCHED_FUNCTIONS", "inference"),
        ("monitoring", {}, "MODELS_BUCKET", "titanic models"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named_without_its_value(
    invoke: Invoke,
    database_schema: None,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    event: Any,
    setting: str,
    value: str,
) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(SettingMissingError, match=f"^{setting} is not") as raised:
        invoke(function, event)
    assert not value.strip() or value not in str(raised.value)


@pytest.mark.parametrize("setting", ["REDIS_URL", "MODELS_BUCKET"])
@pytest.mark.parametrize("value", ["", "no such thing"])
def test_the_api_answers_500_whatever_is_not_set(
    http: Http,
    champion: str,
    loaded: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
) -> None:
    monkeypatch.setenv(setting, value)
    status, problem = http("POST", "/predict", {"Pclass": 3, "Name": "A", "Sex": "male", "SibSp": 0, "Parch": 0})

    assert (status, problem["detail"]) == (500, "Something went wrong on our side; the log has the details")


@pytest.mark.parametrize(
    ("name", "version", "release"),
    [
        ("titanic-12ab34cd-InferenceFunction-9f", "$LATEST", "titanic-12ab34cd"),
        ("titanic-prod-InferenceFunction-9f", "7", "titanic-prod:7"),
        (None, None, "server"),
    ],
)
def test_a_release_is_its_stack_and_what_was_published(
    monkeypatch: pytest.MonkeyPatch, name: str | None, version: str | None, release: str
) -> None:
    for setting, value in (("AWS_LAMBDA_FUNCTION_NAME", name), ("AWS_LAMBDA_FUNCTION_VERSION", version)):
        monkeypatch.delenv(setting, raising=False)
        if value:
            monkeypatch.setenv(setting, value)
    assert settings.release() == release
