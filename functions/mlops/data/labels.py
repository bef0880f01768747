"""Passengers whose fate became known after they were predicted, and the list they become part of."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Any

from mlops.data.validation import COLUMNS, DECIMAL_LENGTH
from titanic.passenger import FIELDS, LabelledPassenger, Passenger


@dataclass(frozen=True, slots=True)
class Labelled:
    """A passenger of this kind, and the prediction by which they are known."""

    passenger: LabelledPassenger
    prediction_id: str


def identity(name: str, ticket: str | None) -> str:
    """Who a passenger is, whatever else was asked about them: two on the list may share a name, or a ticket.

    Without NUL, which PostgreSQL holds in no text.
    """
    return "|".join(" ".join(each.replace("\0", "").split()).casefold() for each in (name, ticket or ""))


def read(inputs: Mapping[str, Any]) -> Passenger:
    """The passenger of a logged prediction."""
    return Passenger(**{field: inputs[column] for column, field in FIELDS.items()})


def newly_known(base: Iterable[LabelledPassenger], labelled: Iterable[Labelled]) -> list[Labelled]:
    """Those who are not on the list yet: whose name and ticket are there would stand on both sides of the hold-out."""
    there = {identity(each.passenger.name, each.passenger.ticket) for each in base}
    return [
        each
        for each in labelled
        if identity(each.passenger.passenger.name, each.passenger.passenger.ticket) not in there
        and "\0" not in "".join(map(str, astuple(each.passenger.passenger)))  # which no list can hold
    ]


def as_csv(passengers: Iterable[LabelledPassenger]) -> bytes:
    """A passenger list; the same passengers are the same bytes, and so the same dataset version.

    Lines end as RFC 4180 has it: ended by a line feed alone, a carriage return in a name would stand there unquoted,
    and a list with one is refused.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in COLUMNS])
    for each in passengers:
        known = [getattr(each.passenger, field) for field in FIELDS.values()]
        writer.writerow([each.passenger_id, each.survived, *map(_cell, known)])
    return text.getvalue().encode()


def _cell(value: str | float | None) -> str:
    """Lists know no exponents, nor more digits than they have places for."""
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"[:DECIMAL_LENGTH]
    return "" if value is None else str(value)
