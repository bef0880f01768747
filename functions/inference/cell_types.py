"""Types of a request's fields, made of the declared columns, each described in OpenAPI as it is judged.

A JSON value or a cell of a CSV as it comes; the rules are those of `mlops/data/cells.py`.
"""

from functools import partial
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from mlops.data.cells import (
    blanks,
    is_boolean,
    label_tokens,
    limits,
    read_label,
    reader,
)
from mlops.use_case import Column, Label

_NO_NUL = r"[^\x00]"


def cell_type(column: Column) -> Any:
    """The type of a column's values in requests."""
    schema = {"description": ". ".join(part for part in (column.title, column.description) if part), **_schema(column)}
    return Annotated[Any, PlainValidator(reader(column)), WithJsonSchema(schema)]


def label_type(label: Label) -> Any:
    """The type of a label in feedback: 0 or 1, or its word."""
    kinds: list[Any] = [0, 1, *label_tokens(label)]
    schema = {"enum": [*kinds, True, False] if is_boolean(label) else kinds}
    return Annotated[int, PlainValidator(partial(read_label, label)), WithJsonSchema(schema)]


def _schema(column: Column) -> dict[str, Any]:
    kinds = _choice(column) if column.kind == "choice" else _text(column) if column.kind == "text" else _number(column)
    if not column.required:
        kinds += [{"type": "string", "pattern": "^ *$"}, {"type": "null"}]
        kinds += [{"enum": list(column.missing)}] * bool(column.missing)
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _number(column: Column) -> list[dict[str, Any]]:
    low, high = limits(column)
    kinds = [{"type": "integer" if column.kind == "whole" else "number", "minimum": low, "maximum": high}]
    # So many digits are in range whatever they are; longer texts are judged by their value.
    digits = min(len(str(int(high))), 15) - 1
    if low <= 0 and digits:
        fraction = r"(\.[0-9]{1,15})?" if column.kind == "decimal" else r"(\.0)?"
        kinds.append({"type": "string", "pattern": f"^[0-9]{{1,{digits}}}{fraction}$"})
    return kinds


def _choice(column: Column) -> list[dict[str, Any]]:
    values = list(dict.fromkeys([*column.choices, *map(str, column.choices)]))
    if {str(choice).lower() for choice in column.choices} == {"true", "false"}:
        values += [True, False]
    kinds: list[dict[str, Any]] = [{"enum": values}] if values else []
    if column.open:
        kinds += [*_text(column), {"type": "number"}]
    return kinds


def _text(column: Column) -> list[dict[str, Any]]:
    pattern = f"^{_NO_NUL}*[^ \\x00]{_NO_NUL}*$"  # a blank text is one that is not recorded
    schema = {"type": "string", "minLength": 1, "maxLength": column.max_length, "pattern": pattern}
    tokens = sorted(token for token in blanks(column) if token)
    return [{**schema, "not": {"enum": tokens}}] if tokens else [schema]
