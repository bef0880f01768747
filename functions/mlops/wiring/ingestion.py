"""Ingestion: files into dataset versions, and the database's migrations."""

from functools import cache
from typing import Any

from mlops import settings
from mlops.data.ingest import ingest
from mlops.stores import s3
from mlops.stores.postgres.database import Database, TablesMissingError
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.schema import upgrade
from mlops.wiring import use_case


@cache
def database() -> Database:
    return Database(settings.database_url())


def load_file(bucket: str, key: str) -> dict[str, Any]:
    """Ingest one file; over a database that no deployment has prepared, its tables come first."""
    case, limit = use_case(), settings.max_rejected_share()
    stores = s3.S3ObjectStore(), PostgresDatasetStore(database(), case)
    try:
        return ingest(case, *stores, settings.data_bucket(), limit, bucket, key)
    except TablesMissingError:
        migrate()
        return ingest(case, *stores, settings.data_bucket(), limit, bucket, key)


def migrate() -> None:
    """Bring the database's schema up to date."""
    upgrade(database(), use_case())
