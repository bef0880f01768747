"""What a column holds, told by its cells: its type, what stands for a missing cell, and whether a model may use it."""

import re
from dataclasses import dataclass, replace

import pandas as pd

from new import formats

# A category of so many values at most is declared as a choice, to be picked from a list.
MAX_CHOICES = 20
# Text of more distinct values, by share of its cells, tells rows apart and nothing of them.
MAX_DISTINCT = 0.9
# Text as long as that on average, and hardly repeated, is free text.
LONG_TEXT, HARDLY_REPEATED = 30, 0.5
# So many of the cells are numbers: the rest counts as missing.
MOSTLY = 0.8
# Room for values longer than those seen.
MIN_LENGTH = 200

_ID_NAME = re.compile(
    r"(.*[_\W])?(id|uuid|guid)|index|idx|row(names?|[ _]?(id|nr|no|num|number))?|unnamed: [0-9]+", re.IGNORECASE
)
_CAMEL_ID = re.compile(r".*[a-z](ID|Id|UUID)")


@dataclass(frozen=True)
class Inferred:
    """One column: `kind` as a use case declares it, and how a feature is made of it.

    `feature` is number, flag or category, None if the column is ignored. A text becomes a number by `date`, the format
    of dates ("" is ISO 8601), or by `mark`, the decimal mark of numbers; else it is taken as it is. `padded` cells have
    spaces around them. `why` is for people.
    """

    name: str
    kind: str = "text"
    feature: str | None = None
    why: str = ""
    choices: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    missing_cells: int = 0
    required: bool = True
    max_length: int = MIN_LENGTH
    date: str | None = None
    mark: str | None = None
    padded: bool = False

    @property
    def ignored(self) -> bool:
        return self.feature is None


def infer(cells: pd.Series, padded: bool = False) -> Inferred:
    """What the cells of one column are; `cells` are text without spaces around it."""
    name = str(cells.name)
    numbers = _values(cells, formats.MISSING_WORDS | formats.MISSING_NUMBERS)
    if len(numbers) and _is_numeric(numbers):
        found = _number(name, numbers)
        words = formats.MISSING_WORDS | formats.MISSING_NUMBERS
    else:
        words = formats.MISSING_WORDS
        found = _text(name, _values(cells, words))
    tokens = cells[cells.str.casefold().isin(words)]
    missing = int((cells == "").sum()) + len(tokens)
    if missing == len(cells):
        found = Inferred(name, why="empty: no cell is recorded")
    elif found.feature and not missing and cells.nunique() == 1:
        found = replace(found, feature=None, why=f"constant: every cell is {cells.iloc[0]!r}")
    elif found.feature and _is_counter(cells):
        found = replace(found, kind="text", feature=None, why="it numbers the rows")
    return replace(
        found,
        missing=tuple(sorted(tokens.unique())),
        missing_cells=missing,
        required=not missing,
        padded=padded,
    )


def _values(cells: pd.Series, missing: frozenset[str]) -> pd.Series:
    return cells[(cells != "") & ~cells.str.casefold().isin(missing)]


def _is_numeric(values: pd.Series) -> bool:
    distinct = values.unique()
    return all(formats.is_decimal(text) for text in distinct) and not any(formats.is_code(text) for text in distinct)


def _number(name: str, values: pd.Series) -> Inferred:
    distinct = values.unique()
    if not all(formats.is_whole(text) for text in distinct):
        return Inferred(name, "decimal", "number", "decimal numbers")
    if _is_id_name(name):
        if len(distinct) > MAX_DISTINCT * len(values):
            return Inferred(name, why="it identifies rows: named like an id, and hardly a value twice")
        return Inferred(name, "whole", "category", "whole numbers named like an id: a category")
    if set(distinct) == {"0", "1"}:
        return Inferred(name, "whole", "flag", "0 and 1")
    return Inferred(name, "whole", "number", "whole numbers")


def _text(name: str, values: pd.Series) -> Inferred:
    counts = values.value_counts()
    distinct = [str(text) for text in counts.index]
    if not distinct:
        return Inferred(name, why="empty: no cell is recorded")
    date, unclear = formats.date_format(distinct)
    if date is not None:
        return Inferred(name, "text", "number", f"dates, {date or 'ISO 8601'}: days since 1970", date=date)
    codes = any(formats.is_code(text) for text in distinct)
    if not codes and (found := _written_number(name, counts)):
        return found
    unique, length = len(distinct) / len(values), float(values.str.len().mean())
    if unclear and unique > HARDLY_REPEATED:
        return Inferred(name, why=f"{unclear}: write the right one in derive to use it")
    if unique == 1 and len(values) > 1:
        return Inferred(name, why="it identifies rows: every text is different")
    if unique > MAX_DISTINCT and len(values) > 1:
        return Inferred(name, why=f"it nearly identifies rows: {len(distinct):,} texts in {len(values):,} rows")
    if unique > HARDLY_REPEATED and length > LONG_TEXT:
        return Inferred(name, why=f"free text: {length:.0f} characters on average, hardly repeated")
    return _category(name, values, "codes with leading zeros: as categories" if codes else unclear or "")


def _written_number(name: str, counts: pd.Series) -> Inferred | None:
    """Numbers with thousands marks, currency or unit, or with some other text among them; None if it is neither."""
    distinct = [str(text) for text in counts.index]
    if mark := formats.decimal_mark(distinct):
        return Inferred(name, "text", "number", f"numbers such as {distinct[0]!r}, read in derive", mark=mark)
    plain = [text for text in distinct if formats.is_decimal(text)]
    if len(plain) > MAX_CHOICES and counts[plain].sum() >= MOSTLY * counts.sum():
        odd = [text for text in distinct if not formats.is_decimal(text)]
        why = f"numbers, but for {int(counts[odd].sum()):,} cells such as {odd[0][:30]!r}, read in derive"
        return Inferred(name, "text", "number", why, mark=".")
    return None


def _category(name: str, values: pd.Series, why: str) -> Inferred:
    distinct = sorted(values.unique())
    length = max(MIN_LENGTH, 2 * max(map(len, distinct)))
    if len(distinct) <= MAX_CHOICES:
        why = why or f"{len(distinct)} values, others are taken too"
        return Inferred(name, "choice", "category", why, choices=tuple(distinct), max_length=length)
    return Inferred(name, "text", "category", why or f"{len(distinct):,} values", max_length=length)


def _is_id_name(name: str) -> bool:
    return any(pattern.fullmatch(name.strip()) for pattern in (_ID_NAME, _CAMEL_ID))


def _is_counter(cells: pd.Series) -> bool:
    """Whether it is 0, 1, 2 … or 1, 2, 3 … in the order of the file."""
    first = cells.iloc[0]
    return first in ("0", "1") and len(cells) > 1 and cells.tolist() == [str(i + int(first)) for i in range(len(cells))]
