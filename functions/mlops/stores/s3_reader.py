"""S3 for serving, which reads three small objects: obstore, a tenth of boto3's share in a cold start (see docs/adr).

obstore finds region and credentials in the environment by itself.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from mlops.data.objects import located
from mlops.errors import StoreUnavailableError


class S3Reader:
    """Implements `data.objects.ObjectReader`. Short timeouts: a request waits, and a cached model can serve it."""

    def __init__(self, endpoint: str | None) -> None:
        """`endpoint` is the URL of an S3 other than AWS's own."""
        self._endpoint = endpoint
        self._bucket = cache(self._open)

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        where = located(bucket, key)
        try:
            answer = obstore.get(self._bucket(bucket), key)
            return bytes(answer.bytes()), answer.meta["e_tag"] or ""
        except FileNotFoundError:
            raise KeyError(where) from None
        except (BaseError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise StoreUnavailableError(f"{where}: {reason}") from error

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        where = located(bucket, prefix, prefix=True)
        try:
            for page in obstore.list(self._bucket(bucket), prefix):
                yield from (entry["path"] for entry in page)
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"{where}: {str(error).partition(chr(10))[0]}") from error

    def _open(self, bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=self._endpoint,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True, "connect_timeout": "500ms", "timeout": "2s"},
            retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=2)},
        )
