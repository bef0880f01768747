"""Ingestion: takes `{"bucket", "key"}` or EventBridge's "Object Created"; answers with the dataset version.

Where the event names a version of the object, that one is read: another upload may have followed.

`{"migrate": true}` brings the database's schema up to date instead: a deployment asks for it before anything else.
"""

from functools import cache, partial
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE
from aws_lambda_powertools.utilities.parser import BaseModel
from pydantic import Field
from roles import grant

from mlops import settings
from mlops.data.ingest import ingest
from mlops.stores import s3
from mlops.stores.postgres.database import Database, TablesMissingError
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.schema import upgrade
from mlops.wiring import use_case
from mlops.wiring.events import mapping, parsed

logger = Logger(service="ingestion")
REMEDY = 'The event names no file: send {"bucket": …, "key": …} or an "Object Created" event'


class File(BaseModel):
    """A file, named plainly; `version` is that of an object in a bucket with versions."""

    bucket: str
    key: str
    version: str | None = None


class Bucket(BaseModel):
    name: str


class Object(BaseModel):
    key: str
    version: str | None = Field(None, alias="version-id")


class Upload(BaseModel):
    """The `detail` of an "Object Created" event."""

    bucket: Bucket
    object: Object


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    event = _decoded(event) or mapping(event, "ingestion", REMEDY)
    if event.get("migrate") is True:
        upgrade(database(), use_case())
        grant(database(), settings.database_roles())
        return {"migrated": True}
    file = _file(event)
    dataset = load_file(file.bucket, file.key, file.version)
    logger.info("Dataset loaded", extra=dataset)
    return dataset


@cache
def database() -> Database:
    """One connection, which lives as long as the execution environment."""
    return Database(settings.database_url())


def load_file(bucket: str, key: str, version: str | None = None) -> dict[str, Any]:
    """Ingest one file; over a database that no deployment has prepared, its tables come first."""
    case, limit = use_case(), settings.max_rejected_share()
    stores = s3.S3ObjectStore(), PostgresDatasetStore(database(), case)
    run = partial(ingest, case, *stores, settings.data_bucket(), limit, bucket, key, version)
    try:
        return run()
    except TablesMissingError:
        upgrade(database(), case)
        return run()


def _decoded(event: Any) -> dict[str, Any] | None:
    """The first file of an S3 notification, whose keys are encoded as in a form; None of any other event."""
    match event:
        case {
            "Records": [
                {
                    "eventSource": "aws:s3",
                    "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as found},
                }
            ]
        }:
            return {"bucket": bucket, "key": unquote_plus(key), "version": found.get("versionId")}
    return None


def _file(event: dict[str, Any]) -> File:
    detail = event.get("detail", event)
    if isinstance(detail, dict) and isinstance(detail.get("object"), dict):
        upload = parsed(detail, Upload, REMEDY)
        return File(bucket=upload.bucket.name, key=upload.object.key, version=upload.object.version)
    return parsed(detail, File, REMEDY)
