"""Functions whose code is a folder of this machine that stays as it is: nothing is stored, hashed or unzipped.

LocalStack's own bucket `hot-reload` names a folder too, but one that is edited: it has no digest and is watched.
"""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.runtime import hooks
from localstack.services.lambda_ import provider
from localstack.services.lambda_.invocation.lambda_models import ArchiveCode, HotReloadingCode

from embedded_cloud.localstack import FOLDERS_BUCKET


@dataclass(frozen=True)
class FrozenCode(HotReloadingCode):
    """A folder that nobody edits and that whoever deployed it keeps."""

    def is_hot_reloading(self) -> bool:
        return False


@hooks.on_infra_start()
def run_folders_in_place() -> None:
    """Take a key in FOLDERS_BUCKET for `<SHA-256, hexadecimal>/<bytes>/<path without the first slash>`."""
    original = provider.store_s3_bucket_archive

    def store(archive_bucket: str, archive_key: str, **more: Any) -> ArchiveCode:
        if archive_bucket != FOLDERS_BUCKET:
            return original(archive_bucket=archive_bucket, archive_key=archive_key, **more)
        digest, size, path = archive_key.split("/", 2)
        if not Path("/", path).is_dir():
            raise InvalidParameterValueException(f"There is no folder /{path}", Type="User")
        return FrozenCode(f"/{path}", b64encode(bytes.fromhex(digest)).decode(), int(size))

    provider.store_s3_bucket_archive = store
