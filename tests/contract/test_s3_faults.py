"""Broken exchanges with S3: what is written is whole, a champion is set once, a file is read to its end or not."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from fakes.dataset_store import MemoryDatasetStore
from faulty import FAULTS, Fault, Proxy, proxied
from mlops.data.ingest import ingest
from mlops.errors import StoreUnavailableError
from mlops.registry.versions import CARD, Registry
from mlops.stores import s3
from mlops.stores.s3 import S3ObjectStore
from mlops.stores.s3_reader import S3Reader
from titanic import USE_CASE

BUCKET = "fault-tests"
PATIENCE = 2.6


@pytest.fixture
def proxy(s3_endpoint_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands before S3; clients are less patient than in earnest."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    direct = boto3.client("s3", endpoint_url=s3_endpoint_url)
    direct.create_bucket(Bucket=BUCKET)
    for each in direct.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        direct.delete_object(Bucket=BUCKET, Key=each["Key"])
    monkeypatch.setattr(s3, "_CONFIG", s3._CONFIG.merge(Config(connect_timeout=2, read_timeout=2)))
    with proxied(s3_endpoint_url, PATIENCE) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
        yield proxy


def stubborn(step: Callable[[], Any]) -> Any:
    """What a step answers, tried again as the state machine does."""
    for _ in range(4):
        try:
            return step()
        except StoreUnavailableError:
            continue
    return step()


@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_champion_is_published_and_set_once(proxy: Proxy, fault: Fault, after: int) -> None:
    registry = Registry(S3ObjectStore(), BUCKET, USE_CASE)
    first = registry.publish({CARD: b"first"})
    old = registry.set_champion(first, "first", None)
    proxy.break_once(fault, after)
    version = stubborn(lambda: registry.publish({CARD: b"second"}))
    champion = stubborn(registry.reader.champion)
    made = registry.set_champion(version, "better", champion)

    assert proxy.broken == 1
    assert old.version == first
    there = registry.reader.champion()
    assert there is not None
    assert (there.version, there.previous, there.at) == (version, first, made.at)
    assert registry.reader.artifact(version, CARD) == b"second"
    assert [name for name, _ in registry.reader.versions()] == [version, first]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("after", [0, 1])
def test_a_promotion_whose_answer_is_lost_is_no_conflict(proxy: Proxy, fault: Fault, after: int) -> None:
    registry = Registry(S3ObjectStore(), BUCKET, USE_CASE)
    version = registry.publish({CARD: b"first"})
    proxy.break_once(fault, after)
    stubborn(lambda: registry.set_champion(version, "first", registry.reader.champion()))

    there = registry.reader.champion()
    assert there is not None
    assert there.version == version


@pytest.mark.parametrize("after", [1, 2])  # headers and body may come as one piece, so there are three at least
@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_is_read_to_its_end_or_not_at_all(proxy: Proxy, passenger_list: bytes, fault: Fault, after: int) -> None:
    objects, datasets = S3ObjectStore(), MemoryDatasetStore(USE_CASE)
    bad = passenger_list.replace(b"\r\n5,0,3", b"\r\n5,0,4")
    objects.put(BUCKET, "raw/list.csv", io.BytesIO(bad), "text/csv")
    proxy.break_once(fault, after)
    loaded = stubborn(lambda: ingest(USE_CASE, objects, datasets, BUCKET, 0.2, BUCKET, "raw/list.csv"))

    assert proxy.broken == 1
    assert (loaded["rows"], loaded["rejected"]) == (890, 1)
    assert len(objects.get(BUCKET, loaded["quarantine_key"])[0].splitlines()) == 1
    assert objects.get(BUCKET, loaded["quality"]["report_key"])[0].startswith(b"{")


@pytest.mark.parametrize("fault", FAULTS)
def test_serving_reads_what_is_there_or_says_that_the_store_is_away(proxy: Proxy, fault: Fault) -> None:
    S3ObjectStore().put(BUCKET, "models/one", b"x" * 100_000, "text/plain")
    reader = S3Reader(proxy.url)
    for after in (0, 1):
        proxy.break_once(fault, after)
        assert stubborn(lambda: reader.get(BUCKET, "models/one"))[0] == b"x" * 100_000
        assert stubborn(lambda: list(reader.keys(BUCKET, "models/"))) == ["models/one"]
    assert proxy.broken == 2
