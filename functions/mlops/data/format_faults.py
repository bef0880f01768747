"""Format faults: a column that is written in another way than declared, which no share of bad rows excuses."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mlops.data.cells import DECIMAL
from mlops.use_case import UseCase

MIN_SAME_VALUE, MIN_SAME_NOTATION = 3, 5
_NUMBER, _DIGITS = re.compile(DECIMAL), re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class Alike:
    """Rejections of a column that are written alike: `values` different ones in `rows` of all `rejected`.

    `example` is the most frequent value. Missing values and repeated ids are none of them.
    """

    field: str
    example: str
    reason: str
    values: int
    rows: int
    rejected: int


def notation(value: str) -> str:
    """What values written alike have in common: all but the digits; a number out of its range is like itself alone."""
    return value if _NUMBER.fullmatch(value) else _DIGITS.sub("9", value)


def closed(case: UseCase) -> list[str]:
    """The columns that have a format: numbers, choices that are not open, the label and a whole number as id."""
    columns = [*([case.id] if case.id else []), *case.kept]
    return [case.label.name, *(each.name for each in columns if each.kind != "text" and not each.open)]


def format_fault(groups: Iterable[Alike]) -> str | None:
    """The first format fault in words.

    At least half of a closed column's rejections are one value, three times or more (`NA`, `man`, 999), or numbers in
    one notation, five times or more (`22,5` and `0,83`). What is less alike are typing errors: bad rows.
    """
    for each in groups:
        least = MIN_SAME_VALUE if each.values == 1 else MIN_SAME_NOTATION
        if each.rows >= least and 2 * each.rows >= each.rejected:
            how = "" if each.values == 1 else "written like "
            return (
                f"Column {each.field} has another format: {each.rows} of its {each.rejected} bad values are "
                f"{how}{each.example!r}, which {each.reason}. Write them as declared, or declare what they mean"
            )
    return None
