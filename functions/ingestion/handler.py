"""Ingestion: takes `{"bucket", "key"}` or EventBridge's "Object Created"; answers with the dataset version."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE

from mlops import wiring
from mlops.errors import InvalidInputError

logger = Logger(service="ingestion")


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    bucket, key = _uploaded(event)
    dataset = wiring.ingestion()(bucket=bucket, key=key)
    logger.info("Dataset loaded", extra=dataset)
    return dataset


def _uploaded(event: dict[str, Any]) -> tuple[str, str]:
    detail = event.get("detail", event)
    match detail:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}} | {"bucket": str(bucket), "key": str(key)}:
            return bucket, key
    raise InvalidInputError('The event names no file: send {"bucket": …, "key": …} or an "Object Created" event')
