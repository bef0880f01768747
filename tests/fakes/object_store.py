"""An object store in a dictionary."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO
from typing import IO

from mlops.data.objects import Listed, Pinned
from mlops.errors import PromotionConflictError


class MemoryObjectStore:
    """Implements `data.objects.ObjectStore`."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], bytes] = {}
        self.versions: dict[tuple[str, str, str], bytes] = {}
        self._written: dict[tuple[str, str], datetime] = {}

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        body = self._objects[bucket, key]
        return body, _etag(body)

    def open(self, bucket: str, key: str, version: str | None = None) -> IO[bytes]:
        return BytesIO(self.versions[bucket, key, version] if version else self._objects[bucket, key])

    def pin(self, bucket: str, key: str) -> Pinned:
        body, etag = self.get(bucket, key)
        return Pinned(key, etag.strip('"'), "", len(body))

    def read_pinned(self, bucket: str, pinned: Pinned, start: int = 0, end: int | None = None) -> IO[bytes]:
        body, etag = self.get(bucket, pinned.key)
        if etag.strip('"') != pinned.etag:
            raise KeyError(pinned.key)
        return BytesIO(body[start:end])

    def put(self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        self._objects[bucket, key] = body if isinstance(body, bytes) else body.read()
        self.versions[bucket, key, f"version-{len(self.versions) + 1}"] = self._objects[bucket, key]
        self._written[bucket, key] = datetime.now(UTC)

    def delete(self, bucket: str, key: str) -> None:
        self._objects.pop((bucket, key), None)

    def replace(self, bucket: str, key: str, body: bytes, content_type: str, expected_etag: str | None) -> None:
        there = self._objects.get((bucket, key))
        if (_etag(there) if there is not None else None) != expected_etag:
            raise PromotionConflictError(f"s3://{bucket}/{key}")
        self._objects[bucket, key] = body

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        return iter(sorted(key for where, key in self._objects if where == bucket and key.startswith(prefix)))

    def listed(self, bucket: str, prefix: str) -> Iterator[Listed]:
        for key in self.keys(bucket, prefix):
            yield Listed(key, _etag(self._objects[bucket, key]).strip('"'), self._written[bucket, key])


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
