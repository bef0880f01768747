"""S3 by boto3, which finds endpoint, region and credentials in the environment by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import RawIOBase
from typing import IO, TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.handlers import add_expect_header
from botocore.response import StreamingBody
from urllib3.exceptions import HTTPError

from mlops.data.objects import Listed, Pinned, located
from mlops.errors import InvalidInputError, PromotionConflictError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Path style, so that a bucket needs no name in DNS: it works for every S3.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    s3={"addressing_style": "path"},
)
_MISSING = {"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "404"}
_INVALID = {"InvalidBucketName", "KeyTooLongError", "InvalidURI"}
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3ObjectStore:
    """Implements `data.objects.ObjectStore`."""

    @cached_property
    def _client(self) -> "S3Client":
        client = boto3.client("s3", config=_CONFIG)
        # botocore reads for ever what follows a "100 Continue" that a connection broke off in.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        return client

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        with _translated(bucket, key):
            answer = self._client.get_object(Bucket=bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]

    def open(self, bucket: str, key: str, version: str | None = None) -> IO[bytes]:
        which: Any = {"VersionId": version} if version else {}
        with _translated(bucket, key):
            body = self._client.get_object(Bucket=bucket, Key=key, **which)["Body"]
        return cast("IO[bytes]", _Stream(body, bucket, key))

    def pin(self, bucket: str, key: str) -> Pinned:
        with _translated(bucket, key):
            head = self._client.head_object(Bucket=bucket, Key=key)
        version = head.get("VersionId", "null")
        return Pinned(key, head["ETag"].strip('"'), "" if version == "null" else version, head["ContentLength"])

    def read_pinned(self, bucket: str, pinned: Pinned, start: int = 0, end: int | None = None) -> IO[bytes]:
        which: Any = {"VersionId": pinned.version} if pinned.version else {"IfMatch": pinned.etag}
        if start or end is not None:
            which["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            with _translated(bucket, pinned.key):
                body = self._client.get_object(Bucket=bucket, Key=pinned.key, **which)["Body"]
        except PromotionConflictError:  # S3's answer to IfMatch on another object
            raise KeyError(located(bucket, pinned.key)) from None
        return cast("IO[bytes]", _Stream(body, bucket, pinned.key))

    def put(self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        with _translated(bucket, key, missing=InvalidInputError):
            self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def delete(self, bucket: str, key: str) -> None:
        with _translated(bucket, key, missing=InvalidInputError):
            self._client.delete_object(Bucket=bucket, Key=key)

    def replace(self, bucket: str, key: str, body: bytes, content_type: str, expected_etag: str | None) -> None:
        condition: Any = {"IfNoneMatch": "*"} if expected_etag is None else {"IfMatch": expected_etag}
        try:
            with _translated(bucket, key):
                self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **condition)
        except KeyError:  # S3's answer to IfMatch on an object that is gone
            raise PromotionConflictError(f"s3://{bucket}/{key} is gone: read it again") from None

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        return (each.key for each in self.listed(bucket, prefix))

    def listed(self, bucket: str, prefix: str) -> Iterator[Listed]:
        with _translated(bucket, prefix, missing=InvalidInputError):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", ()):
                    yield Listed(entry["Key"], entry["ETag"].strip('"'), entry["LastModified"])


class _Stream(RawIOBase):
    """An object's bytes; a connection that breaks half-way is a store that did not answer."""

    def __init__(self, body: StreamingBody, bucket: str, key: str) -> None:
        self._body, self._bucket, self._key = body, bucket, key

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        with _translated(self._bucket, self._key):
            return self._body.read(size if size >= 0 else None)

    def readinto(self, buffer: Any, /) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._body.close()
        super().close()


@contextmanager
def _translated(bucket: str, key: str, missing: type[Exception] = KeyError) -> Iterator[None]:
    """The port's errors; `missing` of what is not there: a bucket, where no object is asked for."""
    where = located(bucket, key, prefix=missing is not KeyError)
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise missing(where if missing is KeyError else f"There is no bucket {bucket!r}") from None
        if code in _INVALID:
            raise InvalidInputError(f"{where}: {error}") from error
        if code in _CONFLICT:
            raise PromotionConflictError(f"{where} was written by another first: read it again") from None
        raise StoreUnavailableError(f"{where}: {error}") from error
    except (ParamValidationError, UnicodeError) as error:
        raise InvalidInputError(f"{where}: {error}") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise StoreUnavailableError(f"{where}: {error}") from error
