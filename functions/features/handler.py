"""Features: takes `{"dataset_version"}`; answers when the offline and the online store hold its features."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE
from aws_lambda_powertools.utilities.parser import BaseModel

from mlops import settings
from mlops.features.featurize import featurize
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.wiring import use_case
from mlops.wiring.events import mapping, parsed

logger = Logger(service="features")


class Dataset(BaseModel):
    """A dataset version, as ingestion answers it."""

    dataset_version: str


@cache
def stores() -> tuple[PostgresDatasetStore, PostgresOfflineStore, RedisOnlineStore]:
    """A connection each: rows are read from one while their features are copied into the other."""
    url, case = settings.database_url(), use_case()
    return (
        PostgresDatasetStore(Database(url), case),
        PostgresOfflineStore(Database(url), case),
        RedisOnlineStore(settings.redis_url(), case),
    )


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    remedy = 'The event names no dataset: send {"dataset_version": …}, as ingestion answers it'
    dataset = parsed(mapping(event, "features", remedy), Dataset, remedy)
    written = featurize(use_case(), *stores(), dataset.dataset_version)
    logger.info("Features written", extra=written)
    return written
