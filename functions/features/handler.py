"""Features: takes `{"dataset_version"}`; answers when the offline and the online store hold its features."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE

from mlops import wiring
from mlops.errors import InvalidInputError

logger = Logger(service="features")


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    version = event.get("dataset_version")
    if not isinstance(version, str):
        raise InvalidInputError('The event names no dataset: send {"dataset_version": …}, as ingestion answers it')
    written = wiring.features()(dataset_version=version)
    logger.info("Features written", extra=written)
    return written
