"""Events of handlers: parsed by Powertools, and what is wrong with one in words that name the field."""

import json
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.parser import BaseModel, ValidationError, parse

from mlops.errors import InvalidInputError

Model = TypeVar("Model", bound=BaseModel)


def mapping(event: Any, function: str, remedy: str) -> dict[str, Any]:
    """The event, if it is meant for this function; InvalidInputError says whose it is instead."""
    if not isinstance(event, dict):
        raise InvalidInputError(f"The event is {type(event).__name__}, not a JSON object. {remedy}")
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records and isinstance(records[0], dict) else {}
    if source := first.get("eventSource") or first.get("EventSource"):
        raise InvalidInputError(f"This is no event of {function} but of {source}. {remedy}")
    return event


def parsed(event: dict[str, Any], model: type[Model], remedy: str) -> Model:
    """The event as a model of it; InvalidInputError names each bad field, what is wrong with it, and the remedy."""
    if "\\u0000" in json.dumps(event):
        raise InvalidInputError(f"The event holds a NUL, which no store takes. {remedy}")
    try:
        return parse(event=event, model=model)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}" for each in error.errors())
        raise InvalidInputError(f"{faults}. {remedy}") from error
