"""Format faults: a column that is written in another way than declared, which no share of bad rows excuses."""

import re
from collections.abc import Iterable

from mlops.data.cells import DECIMAL
from mlops.use_case import UseCase

MIN_SAME_VALUE, MIN_SAME_NOTATION = 3, 5
_NUMBER, _DIGITS = re.compile(DECIMAL), re.compile("[0-9]+")


# Rejections of a column that are written alike: its name, their most frequent value, the reason, how many different
# values they are and how many rows, of how many rejected ones. Missing values and repeated ids are none of them.
Alike = tuple[str, str, str, int, int, int]


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
    for field, example, reason, values, rows, rejected in groups:
        least, how = (MIN_SAME_VALUE, "") if values == 1 else (MIN_SAME_NOTATION, "written like ")
        if rows >= least and 2 * rows >= rejected:
            found = f"{rows} of its {rejected} bad values are {how}{example!r}, which {reason}"
            return f"Column {field} has another format: {found}. Write them as declared, or declare what they mean"
    return None
