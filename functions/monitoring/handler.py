"""Monitoring: several tasks in one function, told apart by the event's `task`; a schedule's event measures drift."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE

from mlops import wiring
from mlops.errors import InvalidInputError, StoreUnavailableError
from mlops.monitoring import monitor
from mlops.monitoring.retrain import in_short

Event = Mapping[str, Any]
Task = Callable[[], dict[str, Any]]
logger = Logger(service="monitoring")


def drift(event: Event) -> dict[str, Any]:
    """The drift report in short, and what was decided on it about training again, on all outcomes that are to be had.

    `window` is how many of the latest predictions it is of.
    """
    window = event.get("window")
    if window is not None and not (isinstance(window, int) and window > 0):
        raise InvalidInputError('"window" is the number of latest predictions to look at: a whole number above 0')
    drain(event)  # label files speak of predictions that were drained, and what they say is drained in turn
    labels = _if_there(lambda: wiring.learning().read_labels())
    drain(event)
    report = wiring.monitoring()(**({"window": window} if window else {}))
    decided = _if_there(lambda: in_short(wiring.learning().retrain(report)))
    return {**monitor.in_short(report), "labels": labels, "retraining": decided}


def drain(_: Event) -> dict[str, Any]:
    """What was moved from the prediction log to the history."""
    return _if_there(lambda: asdict(wiring.draining().drain()))


def watch(_: Event) -> dict[str, Any]:
    """What was seen of invocations, pipeline runs and dead letters."""
    return _if_there(lambda: wiring.watching()())


def minute(event: Event) -> dict[str, Any]:
    """Both of what is done each minute; neither keeps the other from being done."""
    return {task.__name__: task(event) for task in (drain, watch)}


def replay(event: Event) -> dict[str, Any]:
    """How many predictions came from inference's log into the history; `hours` is how far to look back."""
    hours = event.get("hours", 24)
    if not isinstance(hours, int | float) or not 0 < hours <= 24 * 365:
        raise InvalidInputError('"hours" is how far to look back: a number above 0')
    return {"kept": wiring.draining().replay(datetime.now(UTC) - timedelta(hours=hours))}


def _if_there(task: Task) -> dict[str, Any]:
    """What a task answers; with a store away it is no failure but `postponed`."""
    try:
        return task()
    except StoreUnavailableError as error:
        logger.warning("Postponed", extra={"reason": str(error)})
        return {"postponed": str(error)}


TASKS: Mapping[str, Callable[[Event], dict[str, Any]]] = {
    task.__name__: task for task in (drift, drain, watch, minute, replay)
}


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    task = event.get("task", "drift")
    if task not in TASKS:
        raise InvalidInputError(f'"task" is one of {", ".join(TASKS)}')
    answer = TASKS[task](event)
    logger.info("Done", extra={"task": task, "answer": answer})
    return answer
