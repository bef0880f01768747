"""Cells: what a column's values may look like, judged alike by every door, from a CSV's text or a JSON value.

The same rules in SQL are in stores/postgres/rules.py; property tests hold the two together.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from mlops.use_case import Cell, Column, Label

# A number has a sign at most, no space, no thousands mark and no more than two digits of exponent; a whole one may end
# in a decimal point and zeros, as pandas writes it. The lengths keep every judge's arithmetic from overflowing.
WHOLE = "[+-]?[0-9]+([.]0*)?"
DECIMAL = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9][0-9]?)?"
MAX_WHOLE_LENGTH = 18
MAX_DECIMAL_LENGTH = 40
MAX_DECIMAL = 1e300
MISSING = "is missing"
_PATTERNS = {"whole": (re.compile(WHOLE), MAX_WHOLE_LENGTH), "decimal": (re.compile(DECIMAL), MAX_DECIMAL_LENGTH)}


class CellError(ValueError):
    """A value that its column does not take; the message is the reason, to be read behind the column's name."""


def reader(column: Column) -> Callable[[Any], Cell]:
    """What reads the column's values, JSON or a CSV's text: the cell, None if it is not recorded, or CellError."""
    read = _text(column) if column.kind == "text" else _choice(column) if column.kind == "choice" else _number(column)
    blank, required = blanks(column), column.required

    def read_cell(value: Any) -> Cell:
        if value is None or (isinstance(value, str) and (not value or value.strip(" ") in blank)):
            if required:
                raise CellError(MISSING)
            return None
        return read(value)

    return read_cell


def blanks(column: Column) -> frozenset[str]:
    """The texts, without the spaces around them, that stand for a value that is not recorded."""
    return frozenset(("", *column.missing))


def reason(column: Column) -> str:
    """Why a value that breaks this column's rule is rejected."""
    match column.kind:
        case "choice" if not column.open:
            return f"is not one of {', '.join(map(str, column.choices))}"
        case "choice" | "text":
            return f"is longer than {column.max_length} characters"
        case kind:
            return f"is not a {kind} number{_range(column)}"


def limits(column: Column) -> tuple[float, float]:
    """The inclusive bounds of a number: those declared, else the longest that a CSV can spell, sign included."""
    whole = column.kind == "whole"
    low, high = (1 - 10 ** (MAX_WHOLE_LENGTH - 1), 10**MAX_WHOLE_LENGTH - 1) if whole else (-MAX_DECIMAL, MAX_DECIMAL)
    return low if column.low is None else column.low, high if column.high is None else column.high


def read_prediction_id(text: str) -> str:
    """The name of a prediction as it was given; people and databases write UUIDs with dashes, braces or capitals."""
    return text.strip(" {}").replace("-", "").lower()


def read_label(label: Label, value: Any) -> int:
    """Class 0 or 1 of a label as files and feedback write it; CellError if it is neither."""
    if isinstance(value, bool) and is_boolean(label):
        return label_tokens(label)[str(value)]
    if isinstance(value, int) and not isinstance(value, bool) and value in (0, 1):
        return value  # a number is the class, as in every answer
    found = label_tokens(label).get(value) if isinstance(value, str) else None
    if found is None:
        raise CellError(label_reason(label))
    return found


@cache
def label_tokens(label: Label) -> dict[str, int]:
    """The texts of each class in files: its word in usual spellings, and 0 and 1 where these are no words."""
    spelt = {word: place for place, word in enumerate(label.values)}
    for place, word in enumerate(label.values):
        for spelling in (word.lower(), word.upper(), word.capitalize()):
            spelt.setdefault(spelling, place)
    return spelt if spelt.keys() & {"0", "1"} else {**spelt, "0": 0, "1": 1}


def label_reason(label: Label) -> str:
    """Why a label is rejected."""
    digits = sorted(label_tokens(label).keys() & {"0", "1"})
    return f"is not one of {', '.join(dict.fromkeys((*label.values, *digits)))}"


def is_boolean(label: Label) -> bool:
    """Whether the label's words are true and false."""
    return {word.lower() for word in label.values} == {"true", "false"}


def _number(column: Column) -> Callable[[Any], Cell]:
    pattern, length = _PATTERNS[column.kind]
    whole = column.kind == "whole"
    low, high = limits(column)

    def read(value: Any) -> Cell:
        if isinstance(value, str):
            if len(value) > length or not pattern.fullmatch(value):
                raise CellError(reason(column))
            value = int(value.partition(".")[0]) if whole else float(value)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise CellError(reason(column))
        if not low <= value <= high or (whole and value != int(value)):  # NaN is in no range
            raise CellError(reason(column))
        return int(value) if whole else float(value)

    return read


def _text(column: Column) -> Callable[[Any], Cell]:
    length = column.max_length

    def read(value: Any) -> Cell:
        if not isinstance(value, str):
            raise CellError("is not text")
        if len(value) > length:
            raise CellError(reason(column))
        if not value.isascii() or "\0" in value:
            check_text(value)
        return value

    return read


def _choice(column: Column) -> Callable[[Any], Cell]:
    known: dict[Any, Cell] = {str(choice): choice for choice in column.choices}
    known |= {choice: choice for choice in column.choices}
    booleans = {choice.lower(): choice for choice in column.choices if isinstance(choice, str)}
    longest = column.max_length

    def read(value: Any) -> Cell:
        if isinstance(value, bool):
            if (choice := booleans.get(str(value).lower())) is not None:
                return choice
            raise CellError(reason(column))
        if isinstance(value, str | int | float) and value in known:
            return known[value]
        if not column.open or not isinstance(value, str | int | float):
            raise CellError(reason(column))
        text = str(value)
        if len(text) > longest:
            raise CellError(reason(column))
        check_text(text)
        return text

    return read


def check_text(value: str) -> None:
    """CellError of what PostgreSQL holds in no text: a NUL, or half of a surrogate pair."""
    if "\0" in value:
        raise CellError("holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise CellError("holds half of a surrogate pair") from None


def _range(column: Column) -> str:
    if column.low is not None and column.high is not None:
        return f" from {column.low:g} to {column.high:.0f}"
    if column.low is not None:
        return f" of at least {column.low:g}"
    return f" of at most {column.high:g}" if column.high is not None else ""
