"""Monitoring: takes a schedule's event or `{"window": N}`; answers with the drift report in short."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE

from titanic import bootstrap
from titanic.errors import InvalidInputError

logger = Logger(service="monitoring")


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    window = event.get("window")
    if window is not None and not (isinstance(window, int) and window > 0):
        raise InvalidInputError('"window" is the number of latest predictions to look at: a whole number above 0')
    report = bootstrap.monitoring()(**({"window": window} if window else {}))
    logger.info("Drift measured", extra=report)
    return report
