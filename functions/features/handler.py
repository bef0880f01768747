"""Features: takes `{"dataset_version"}`; answers when the offline and the online store hold its features."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE
from aws_lambda_powertools.utilities.parser import BaseModel

from mlops.wiring.events import mapping, parsed
from mlops.wiring.features import write_features

logger = Logger(service="features")


class Dataset(BaseModel):
    """A dataset version, as ingestion answers it."""

    dataset_version: str


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    remedy = 'The event names no dataset: send {"dataset_version": …}, as ingestion answers it'
    written = write_features(parsed(mapping(event, "features", remedy), Dataset, remedy).dataset_version)
    logger.info("Features written", extra=written)
    return written
