"""Rows whose label became known after they were predicted, and the table they become part of."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from mlops.data.cells import DECIMAL, MAX_DECIMAL_LENGTH
from mlops.data.datasets import LabelledRow
from mlops.data.header import expected
from mlops.use_case import Cell, Row, UseCase

# Tables that retraining composes; under raw/ the upload itself would start the pipeline a second time.
COMPOSED = "labelled/"
_DECIMAL = re.compile(DECIMAL)
# Beyond it an exponent has three digits; a model's float32 ends long before.
_LARGEST = 9e99


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row of this kind, and the prediction by which it is known."""

    row: LabelledRow
    prediction_id: str


def identities(case: UseCase, row: Row, row_id: str | None) -> list[str]:
    """Who a row is, the surest first: by the use case's own rule, else by its id and by the digest of its content."""
    if case.identity:
        return [case.identity(row)]
    content = json.dumps([row[column.name] for column in case.kept]).encode()
    by_id = [f"id {row_id}"] if case.id and row_id is not None else []
    return [*by_id, f"row {sha256(content).hexdigest()}"]


def logged_row(case: UseCase, inputs: Mapping[str, Any]) -> Row:
    """The row of a logged prediction."""
    return {column.name: inputs.get(column.name) for column in case.kept}


def newly_known(case: UseCase, base: Iterable[LabelledRow], labelled: Iterable[Labelled]) -> list[Labelled]:
    """Those who are not in the table yet: who is there already would stand on both sides of the hold-out."""
    known = {identity for each in base for identity in identities(case, each.row, each.row_id)}
    return [
        each
        for each in labelled
        if known.isdisjoint(identities(case, each.row.row, each.row.row_id))
        and "\0" not in "".join(map(str, each.row.row.values()))  # which no table can hold
    ]


def as_csv(case: UseCase, rows: Iterable[LabelledRow]) -> bytes:
    """The table; the same rows are the same bytes, and so the same dataset version.

    Lines end as RFC 4180 has it: ended by a line feed alone, a carriage return in a text would stand there unquoted,
    and a file with one is refused.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(expected(case))
    for each in rows:
        row_id = [each.row_id] if case.id else []
        cells = (_cell(each.row[column.name]) for column in case.kept)
        writer.writerow([*row_id, case.label.values[each.label], *cells])
    return text.getvalue().encode()


def _cell(value: Cell) -> str:
    """A number with no more digits than a cell has places for, and no longer exponent."""
    if isinstance(value, float):
        text = repr(max(-_LARGEST, min(_LARGEST, value)))
        return text if _DECIMAL.fullmatch(text) else f"{Decimal(text):f}"[:MAX_DECIMAL_LENGTH]
    return "" if value is None else str(value)
