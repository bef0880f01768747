"""Ports: named byte strings in buckets."""

from collections.abc import Iterator
from typing import IO, Protocol


class ObjectReader(Protocol):
    """Named byte strings in buckets, for those who only read them whole."""

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The names below a prefix that ends with a slash, or of the whole bucket."""

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        """The object and its ETag; KeyError if there is none, StoreUnavailableError if the store does not answer."""


class ObjectStore(ObjectReader, Protocol):
    """Named byte strings in buckets."""

    def open(self, bucket: str, key: str) -> IO[bytes]:
        """A stream of the object, for files of any size."""

    def put(self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Write the object; from a file, which can be larger than memory."""

    def replace(self, bucket: str, key: str, body: bytes, content_type: str, expected_etag: str | None) -> None:
        """Write only if the object still has `expected_etag` (`None`: does not exist yet); else
        PromotionConflictError. This is the one atomic write behind the champion pointer."""
