"""Types of a request's fields: JSON values, or cells of a CSV as they come, each described exactly in OpenAPI.

A blank cell is not recorded, digits are a number, and true or false is none.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from titanic.passenger import MAX_AGE_YEARS, MAX_FARE_POUNDS, MAX_RELATIVES, MAX_TEXT_LENGTH, PORTS

_BLANK = " *"
_AGE = r"([0-9]{1,2}|1[01][0-9])(\.[0-9]{1,17})?|120(\.0{1,17})?"
_FARE = r"[0-9]{1,4}(\.[0-9]{1,17})?|10000(\.0{1,17})?"
_RELATIVES = "[12]?[0-9]|30"


def _read(digits: str, kind: Callable[[str], float]) -> BeforeValidator:
    """A number, or a string of such digits; the strings of a type that can be blank include the blank one."""
    cell = re.compile(digits)

    def read(value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("must not be true or false")
        if not isinstance(value, str):
            return value
        if not cell.fullmatch(value):
            raise ValueError("is neither a number in range nor blank")
        return kind(value) if value.strip() else None

    return BeforeValidator(read)


def _described(*kinds: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": list(kinds)})


def _digits(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^({pattern})$"}


def _number(most: float, pattern: str) -> tuple[BeforeValidator, WithJsonSchema]:
    cell = f"{pattern}|{_BLANK}"
    number = {"type": "number", "minimum": 0, "maximum": most}
    return _read(cell, float), _described(number, _digits(cell), {"type": "null"})


def _chosen(choices: Sequence[int]) -> tuple[BeforeValidator, WithJsonSchema]:
    return _read("|".join(map(str, choices)), int), WithJsonSchema({"enum": [*choices, *map(str, choices)]})


def _unblanked(value: Any) -> Any:
    short = isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH
    return None if short and not value.strip(" ") else value


_RELATIVES_SCHEMA = _described({"type": "integer", "minimum": 0, "maximum": MAX_RELATIVES}, _digits(_RELATIVES))
_PORT_SCHEMA = _described({"enum": [*PORTS, None]}, {**_digits(_BLANK), "maxLength": MAX_TEXT_LENGTH})

Text = Annotated[Annotated[str, Field(max_length=MAX_TEXT_LENGTH)] | None, BeforeValidator(_unblanked)]
Years = Annotated[Annotated[float, Field(ge=0, le=MAX_AGE_YEARS)] | None, *_number(MAX_AGE_YEARS, _AGE)]
Pounds = Annotated[Annotated[float, Field(ge=0, le=MAX_FARE_POUNDS)] | None, *_number(MAX_FARE_POUNDS, _FARE)]
Relatives = Annotated[int, Field(ge=0, le=MAX_RELATIVES), _read(_RELATIVES, int), _RELATIVES_SCHEMA]
Class = Annotated[Literal[1, 2, 3], *_chosen((1, 2, 3))]
Fate = Annotated[Literal[0, 1], *_chosen((0, 1))]
Port = Annotated[Literal["C", "Q", "S"] | None, BeforeValidator(_unblanked), _PORT_SCHEMA]
