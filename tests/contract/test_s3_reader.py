"""Serving's reader of S3 keeps the promises of the object store that wrote."""

import boto3
import pytest

from mlops.errors import StoreUnavailableError
from mlops.stores.s3 import S3ObjectStore
from mlops.stores.s3_reader import S3Reader

BUCKET = "reader-tests"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")


def test_it_reads_what_the_store_wrote(
    s3_endpoint_url: str, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_endpoint_url)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    store, reader = S3ObjectStore(), S3Reader(s3_endpoint_url)
    store.put(BUCKET, "models/é/a b.json", b"\x00\xff", "application/json")

    assert reader.get(BUCKET, "models/é/a b.json") == store.get(BUCKET, "models/é/a b.json")
    with pytest.raises(KeyError):
        reader.get(BUCKET, "models/none.json")
    with pytest.raises(KeyError):
        reader.get("no-such-bucket", "champion.json")


def test_a_store_that_is_away_is_told(credentials: None) -> None:
    with pytest.raises(StoreUnavailableError, match=r"s3://models/champion\.json"):
        S3Reader("http://127.0.0.1:9").get("models", "champion.json")
