"""Monitoring: several tasks in one function, told apart by the event's `task`; a schedule's event measures drift."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE
from aws_lambda_powertools.utilities.parser import BaseModel
from pydantic import Field, StrictInt
from tasks import Monitoring

from mlops.errors import InvalidInputError, StoreUnavailableError
from mlops.monitoring import drift as report_of
from mlops.monitoring.monitor import WINDOW
from mlops.monitoring.retrain import in_short
from mlops.wiring.events import mapping, parsed

logger = Logger(service="monitoring")


class Task(BaseModel):
    """`window` is how many of the latest predictions a report is of, `hours` how far back a replay looks."""

    window: Annotated[StrictInt, Field(gt=0)] | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 365, strict=True)] = 24


@cache
def monitoring() -> Monitoring:
    """Wired at the first event of an environment."""
    return Monitoring()


def drift(event: Task) -> dict[str, Any]:
    """The drift report in short, what was decided on it and all known outcomes about training again, what expired."""
    drain(event)  # label files speak of predictions that were drained
    labels = _if_there(monitoring().read_labels)
    report = monitoring().monitor(event.window or WINDOW)
    decided = _if_there(lambda: in_short(monitoring().retrain(report)))
    return {**report_of.in_short(report), "labels": labels, "retraining": decided, "expired": expire(event)}


def expire(_: Task) -> dict[str, Any]:
    """How many reports, models, datasets and totals were dropped."""
    return _if_there(monitoring().expire)


def drain(_: Task) -> dict[str, Any]:
    """What was moved from the prediction log to the history."""
    return _if_there(lambda: asdict(monitoring().drain()))


def watch(_: Task) -> dict[str, Any]:
    """What was seen of invocations, pipeline runs and dead letters."""
    return _if_there(monitoring().watch)


def preliminary(_: Task) -> dict[str, Any]:
    """What a first report says of a champion that the hourly one has not seen yet; nothing if there is none to make."""
    return _if_there(monitoring().preliminary)


def minute(event: Task) -> dict[str, Any]:
    """What is done each minute; none of it keeps the rest from being done."""
    return {task.__name__: task(event) for task in (drain, watch, preliminary)}


def replay(event: Task) -> dict[str, Any]:
    """How many predictions came from inference's log into the history."""
    return {"kept": monitoring().replay(datetime.now(UTC) - timedelta(hours=event.hours))}


def _if_there(task: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a task answers; with a store away it is no failure but `postponed`."""
    try:
        return task()
    except StoreUnavailableError as error:
        logger.warning("Postponed", extra={"reason": str(error)})
        return {"postponed": f"{str(error).partition(':')[0]} is away"}  # the log has the rest, with its address


TASKS: Mapping[str, Callable[[Task], dict[str, Any]]] = {
    task.__name__: task for task in (drift, drain, watch, minute, replay, expire)
}


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    event = mapping(event, "monitoring", f'"task" is one of {", ".join(TASKS)}')
    task = event.get("task", "drift")
    if task not in TASKS:
        raise InvalidInputError(f'"task" is one of {", ".join(TASKS)}')
    answer = TASKS[task](parsed(event, Task, "See functions/monitoring/events"))
    logger.info("Done", extra={"task": task, "answer": answer})
    return answer
