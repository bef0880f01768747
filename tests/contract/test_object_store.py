"""What every object store does with bytes under a name."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryFile
from uuid import uuid4

import boto3
import pytest

from fakes.object_store import MemoryObjectStore
from mlops.data.objects import ObjectStore
from mlops.errors import PromotionConflictError


@pytest.fixture
def key() -> str:
    return f"contract/{uuid4().hex}/a name with ü & +.json"


@pytest.fixture
def versions(objects: ObjectStore, bucket: str) -> Callable[[str], list[str]]:
    """The versions of a key, the newest first, in a bucket that keeps them."""
    if isinstance(objects, MemoryObjectStore):
        return lambda key: [version for _, name, version in reversed(objects.versions) if name == key]
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return lambda key: [each["VersionId"] for each in s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]]


def test_what_was_put_is_got(objects: ObjectStore, bucket: str, key: str) -> None:
    objects.put(bucket, key, b"one", "text/plain")
    objects.put(bucket, key, b"two", "text/plain")

    body, etag = objects.get(bucket, key)
    assert (body, bool(etag)) == (b"two", True)


def test_an_object_may_come_from_a_file(objects: ObjectStore, bucket: str, key: str) -> None:
    with TemporaryFile() as file:
        file.write(b"x" * 100_000)
        file.seek(0)
        objects.put(bucket, key, file, "text/plain")

    assert objects.get(bucket, key)[0] == b"x" * 100_000


def test_a_stream_is_read_in_portions(objects: ObjectStore, bucket: str, key: str) -> None:
    objects.put(bucket, key, b"x" * 200_000, "text/plain")

    with objects.open(bucket, key) as stream:
        assert stream.read(10) == b"x" * 10
        assert len(b"".join(iter(lambda: stream.read(65536), b""))) == 199_990


def test_what_is_not_there_is_a_key_error(objects: ObjectStore, bucket: str, key: str) -> None:
    with pytest.raises(KeyError):
        objects.get(bucket, key)
    with pytest.raises(KeyError):
        objects.open(bucket, key)
    with pytest.raises(KeyError):
        objects.get(f"no-bucket-{uuid4().hex}", key)


def test_keys_of_a_prefix(objects: ObjectStore, bucket: str, key: str) -> None:
    folder = key.rpartition("/")[0]
    for name in ("b", "a", "c/d"):
        objects.put(bucket, f"{folder}/{name}", b"", "text/plain")

    assert list(objects.keys(bucket, folder + "/")) == [f"{folder}/{name}" for name in ("a", "b", "c/d")]
    assert list(objects.keys(bucket, key)) == []


def test_a_listing_tells_etags_and_times(objects: ObjectStore, bucket: str, key: str) -> None:
    prefix = key.rpartition("/")[0] + "/"
    objects.put(bucket, key, b"one", "text/plain")
    (first,) = objects.listed(bucket, prefix)
    objects.put(bucket, key, b"two", "text/plain")
    (second,) = objects.listed(bucket, prefix)

    assert first.key == second.key == key
    assert first.etag != second.etag == objects.get(bucket, key)[1].strip('"')
    assert first.at <= second.at


def test_a_version_is_read_after_others_followed(
    objects: ObjectStore, bucket: str, key: str, versions: Callable[[str], list[str]]
) -> None:
    objects.put(bucket, key, b"one", "text/plain")
    objects.put(bucket, key, b"two", "text/plain")

    newest, oldest = versions(key)
    assert [objects.open(bucket, key, version).read() for version in (oldest, newest, None)] == [b"one", b"two", b"two"]
    with pytest.raises(KeyError):
        objects.open(bucket, f"{key}.other", newest)


def test_replace_writes_only_over_what_was_read(objects: ObjectStore, bucket: str, key: str) -> None:
    objects.replace(bucket, key, b"one", "text/plain", None)
    _, first = objects.get(bucket, key)
    objects.replace(bucket, key, b"two", "text/plain", first)

    for outdated in (None, first):
        with pytest.raises(PromotionConflictError):
            objects.replace(bucket, key, b"three", "text/plain", outdated)
    assert objects.get(bucket, key)[0] == b"two"


def test_replace_of_what_is_gone_is_a_conflict(objects: ObjectStore, bucket: str, key: str) -> None:
    with pytest.raises(PromotionConflictError):
        objects.replace(bucket, key, b"one", "text/plain", '"0123456789abcdef0123456789abcdef"')


def test_of_writers_that_race_one_wins(objects: ObjectStore, bucket: str, key: str) -> None:
    def write(number: int) -> bool:
        try:
            objects.replace(bucket, key, b"%d" % number, "text/plain", None)
        except PromotionConflictError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(write, range(4))) == 1
