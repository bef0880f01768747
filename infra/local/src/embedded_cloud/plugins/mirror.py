"""Writes S3 objects through to a folder before their writer is answered.

``S3_MIRROR_DIR`` is the folder, ``S3_MIRROR_BUCKETS`` the buckets' names or patterns (``*``),
separated by commas. An acknowledged write is on disk (though not forced to it), so it survives
``kill -9`` of LocalStack.
"""

import fnmatch
import logging
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError
from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.connect import connect_to
from localstack.http import Response
from localstack.runtime import hooks
from localstack.services.s3.models import s3_stores

from embedded_cloud.mirror import MODIFIED, Mirror

LOG = logging.getLogger(__name__)

OBJECT_WRITES = {"CompleteMultipartUpload", "CopyObject", "DeleteObject", "PutObject"}
WRITES = OBJECT_WRITES | {"CreateBucket", "DeleteBucket", "DeleteObjects", "PostObject"}


@hooks.on_infra_start()
def mirror_buckets() -> None:
    """Join the handlers that see each response before it leaves, if a folder is given."""
    folder = os.environ.get("S3_MIRROR_DIR")
    patterns = os.environ.get("S3_MIRROR_BUCKETS", "").split(",")
    if folder:
        handlers.run_custom_response_handlers.append(WriteThrough(Mirror(Path(folder)), patterns))


class WriteThrough:
    """Brings the mirror up to date with the objects that a request has changed."""

    def __init__(self, mirror: Mirror, patterns: list[str]) -> None:
        self._mirror = mirror
        self._patterns = patterns
        # Reading an object back and writing it is one step: the last of two writers at once
        # leaves what S3 holds.
        self._lock = threading.Lock()

    def __call__(self, _: HandlerChain, context: RequestContext, response: Response) -> None:
        if not context.operation or context.service.service_name != "s3":
            return
        if context.operation.name not in WRITES or response.status_code >= 400:
            return
        bucket = (context.service_request or {}).get("Bucket", "")
        if not any(fnmatch.fnmatchcase(bucket, pattern) for pattern in self._patterns):
            return
        try:
            self._follow(context, bucket)
        except Exception:
            # Not acknowledged: what the mirror lacks would be lost with LocalStack.
            LOG.exception("S3 mirror: %s on %s", context.operation.name, bucket)
            response.status_code = 500
            response.data = b"<Error><Code>InternalError</Code><Message>S3 mirror</Message></Error>"

    def _follow(self, context: RequestContext, bucket: str) -> None:
        request, operation = context.service_request, context.operation.name
        if (modified := context.request.headers.get(MODIFIED)) and operation in OBJECT_WRITES - {"DeleteObject"}:
            written = s3_stores[context.account_id][context.region].buckets[bucket].objects.get(request["Key"])
            written.last_modified = datetime.fromtimestamp(float(modified), UTC)
        with self._lock:
            if operation in OBJECT_WRITES:
                self._copy(context, bucket, request["Key"])
            elif operation == "PostObject":
                self._copy(context, bucket, context.service_response["Key"])
            elif operation == "DeleteObjects":
                for item in request["Delete"]["Objects"]:
                    self._copy(context, bucket, item["Key"])
            elif operation == "CreateBucket":
                self._mirror.add_bucket(bucket)
            elif operation == "DeleteBucket":
                self._mirror.remove_bucket(bucket)

    def _copy(self, context: RequestContext, bucket: str, key: str) -> None:
        """Read the object as it is now, which covers versions and conditional writes as well."""
        s3 = connect_to(region_name=context.region, aws_access_key_id=context.account_id).s3
        try:
            current = s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            self._mirror.remove(bucket, key)
        else:
            self._mirror.write(bucket, key, current["Body"].iter_chunks(1 << 20), current)
