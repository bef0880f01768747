"""What a row of the passenger list must look like: one table of columns that every reader of the list judges by."""

import csv
import hashlib
from dataclasses import dataclass

from mlops.errors import DatasetRefusedError
from titanic.passenger import (
    CLASSES,
    MAX_AGE_YEARS,
    MAX_FARE_POUNDS,
    MAX_RELATIVES,
    MAX_TEXT_LENGTH,
    PORTS,
    SEXES,
)

# A number is digits, a decimal one with at most one point among them: no sign, exponent, NaN, space or thousands mark.
# The lengths keep every judge's arithmetic exact and from overflowing.
WHOLE_LENGTH = 10
DECIMAL_LENGTH = 20

MISSING = "is missing"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list; its `kind` is whole, decimal, choice or text.

    `low` and `high` are inclusive and bound a number's value; `high` is a text's greatest length.
    """

    name: str
    kind: str
    required: bool = True
    low: float = 0
    high: float = MAX_TEXT_LENGTH
    choices: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The name that code and database give it."""
        return "passenger_id" if self.name == "PassengerId" else self.name.lower()

    @property
    def reason(self) -> str:
        """Why a value that breaks this column's rule is rejected."""
        match self.kind:
            case "choice":
                return f"is not one of {', '.join(self.choices)}"
            case "text":
                return f"is longer than {self.high:.0f} characters"
            case kind:
                return f"is not a {kind} number from {self.low:.0f} to {self.high:.0f}"


COLUMNS: tuple[Column, ...] = (
    Column("PassengerId", "whole", low=1, high=2**31 - 1),
    Column("Survived", "choice", choices=("0", "1")),
    Column("Pclass", "choice", choices=tuple(map(str, CLASSES))),
    Column("Name", "text"),
    Column("Sex", "choice", choices=SEXES),
    Column("Age", "decimal", required=False, high=MAX_AGE_YEARS),
    Column("SibSp", "whole", high=MAX_RELATIVES),
    Column("Parch", "whole", high=MAX_RELATIVES),
    Column("Ticket", "text", required=False),
    Column("Fare", "decimal", required=False, high=MAX_FARE_POUNDS),
    Column("Cabin", "text", required=False),
    Column("Embarked", "choice", required=False, choices=PORTS),
)

# Names the rules that a dataset was judged by.
SCHEMA_HASH = hashlib.sha256(repr(COLUMNS).encode()).hexdigest()[:16]


def columns_of(header: str) -> list[str]:
    """The column names in the order of the file; DatasetRefusedError if they are not exactly the list's own.

    Any order is taken, nothing else: a column too many is more often a shifted row than a gift.
    """
    expected = [column.name for column in COLUMNS]
    names = next(csv.reader([header]), [])
    if len(names) == 1 and (delimiter := next((mark for mark in ";\t|" if mark in header), None)):
        raise DatasetRefusedError(f"Columns are separated by {delimiter!r}: save the file with commas between them")
    if missing := [name for name in expected if name not in names]:
        raise DatasetRefusedError(f"Missing column {', '.join(missing)}: the first line must be {','.join(expected)}")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DatasetRefusedError(f"Column {', '.join(doubled)} is there more than once: keep one of them")
    if unknown := [name for name in names if name not in expected]:
        raise DatasetRefusedError(f"Unknown column {', '.join(map(repr, unknown))}: remove it")
    return names
