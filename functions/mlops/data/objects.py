"""Ports: named byte strings in buckets, and which names there can be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from mlops.errors import InvalidInputError

BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
_KEY, _LONGEST_KEY = re.compile(r"[^\0\ud800-\udfff]*"), 1024


def located(bucket: str, key: str, prefix: bool = False) -> str:
    """Where an object is, in words; InvalidInputError of names that no store can have: waiting would not mend them."""
    if not BUCKET.fullmatch(bucket):
        raise InvalidInputError(
            f"{bucket[:300]!r} is no name of a bucket: correct the event, or the function's settings"
        )
    if not (key or prefix) or not _KEY.fullmatch(key) or len(key.encode()) > _LONGEST_KEY:
        raise InvalidInputError(f"{key[:300]!r} is no name of an object: it has 1 to {_LONGEST_KEY} bytes of text")
    return f"s3://{bucket}/{key}"


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing has it: its ETag without quotes and when it was written."""

    key: str
    etag: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pinned:
    """One version of an object: later ones are not meant. `version` is empty in a bucket that keeps none."""

    key: str
    etag: str
    version: str
    size: int


class ObjectReader(Protocol):
    """Named byte strings in buckets, for those who only read them whole; InvalidInputError as of `located`."""

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The names below a prefix that ends with a slash, or of the whole bucket."""

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        """The object and its ETag; KeyError if there is none, StoreUnavailableError if the store does not answer."""


class ObjectStore(ObjectReader, Protocol):
    """Named byte strings in buckets."""

    def listed(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The objects below a prefix, by key."""

    def open(self, bucket: str, key: str, version: str | None = None) -> IO[bytes]:
        """A stream of the object, or of one of its versions, for files of any size; KeyError if there is none."""

    def pin(self, bucket: str, key: str) -> Pinned:
        """The object as it is now; KeyError if there is none."""

    def read_pinned(self, bucket: str, pinned: Pinned, start: int = 0, end: int | None = None) -> IO[bytes]:
        """A stream of its bytes from `start` to before `end`; KeyError if it is gone or was replaced."""

    def put(self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Write the object; from a file, which can be larger than memory."""

    def delete(self, bucket: str, key: str) -> None:
        """Delete the object if it is there."""

    def replace(self, bucket: str, key: str, body: bytes, content_type: str, expected_etag: str | None) -> None:
        """Write only if the object still has `expected_etag` (`None`: does not exist yet); else
        PromotionConflictError. This is the one atomic write behind the champion pointer."""
