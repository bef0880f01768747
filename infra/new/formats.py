"""How cells are written: plain numbers, numbers with marks around them, dates, and words for a missing cell."""

import re
from collections.abc import Sequence
from datetime import datetime

from mlops.data.cells import DECIMAL, MAX_DECIMAL_LENGTH, MAX_WHOLE_LENGTH, WHOLE

# Words that stand for a missing cell, in any case; blank cells always do.
MISSING_WORDS = frozenset(
    ["na", "n/a", "n.a.", "#n/a", "<na>", "nan", "nat", "null", "none", "?", "-", "--", "---", "\\n"]
)
# And these, in a column of numbers alone.
MISSING_NUMBERS = frozenset([".", "inf", "-inf", "+inf", "infinity", "-infinity"])

_WHOLE, _DECIMAL = re.compile(WHOLE), re.compile(DECIMAL)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?([0-9]+|[1-9][0-9]{0,2}([.][0-9]{3})+)(,[0-9]+)?")
# A currency before it, or a unit behind it.
_AROUND = re.compile(r"([$€£¥]?) ?([+-]?[0-9][0-9.,]*)( ?[^\W\d]{1,6}| ?[%$€£¥])?")

ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DAYS = ("%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y")
_DATES = ("", *(day + time for day in (*_DAYS, "%b %d, %Y", "%B %d, %Y") for time in ("", " %H:%M", " %H:%M:%S")))
_FEW, _NEARLY_ALL = 20, 0.95


def is_whole(text: str) -> bool:
    """Whether it is a plain whole number; `22.0` is one too, as pandas writes it."""
    return len(text) <= MAX_WHOLE_LENGTH and _WHOLE.fullmatch(text) is not None


def is_decimal(text: str) -> bool:
    """Whether it is a plain number."""
    return len(text) <= MAX_DECIMAL_LENGTH and _DECIMAL.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """Whether it is digits with a zero before them: a zip code, no number."""
    return _LEADING_ZERO.fullmatch(text) is not None


def decimal_mark(texts: Sequence[str]) -> str | None:
    """The decimal mark of numbers with thousands marks, a currency or a unit around them; None if they are none.

    A unit that is not the same everywhere is a part of the meaning.
    """
    found = [_AROUND.fullmatch(text) for text in texts]
    numbers = [match for match in found if match]
    if len(numbers) < len(texts) or len({(match[3] or "").strip() for match in numbers}) > 1:
        return None
    bare = [match[2] for match in numbers]
    if all(is_decimal(text) or _THOUSANDS.fullmatch(text) for text in bare):
        return "."
    return "," if all(_DECIMAL_COMMA.fullmatch(text) for text in bare) else None


def date_format(texts: Sequence[str]) -> tuple[str | None, str | None]:
    """How nearly all dates are written: "" is ISO 8601, else a format of strptime; None if they are none, and why not.

    Where day and month cannot be told apart, neither is guessed.
    """
    fitting = [form for form in _DATES if _fits(texts[:_FEW], form) and _fits(texts, form)]
    if len(fitting) > 1:
        return None, f"dates that may be {' or '.join(fitting)}"
    return (fitting[0], None) if fitting else (None, None)


def is_date(text: str, form: str) -> bool:
    """Whether a date is written so."""
    try:
        moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.year > 0 and (form != "" or ISO.fullmatch(text) is not None)


def _fits(texts: Sequence[str], form: str) -> bool:
    return sum(is_date(text, form) for text in texts) >= _NEARLY_ALL * len(texts) > 0
