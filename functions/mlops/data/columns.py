"""Many texts of one column, read at once where all are plain; the rules are those of cells.py, and so is every refusal.

A column whose texts hardly repeat is read five times as fast so as one by one; property tests hold the two together.
"""

from collections.abc import Callable, Sequence
from itertools import repeat

from mlops.data.cells import MAX_DECIMAL_LENGTH, MAX_WHOLE_LENGTH, blanks, limits
from mlops.use_case import Cell, Column

_NO_DIGITS = str.maketrans("", "", "0123456789.")
Reader = Callable[[Sequence[str]], "Sequence[Cell] | None"]


def reader(column: Column) -> Reader:
    """What reads texts of this column: their cells in order, or None if one by one they may be read otherwise."""
    match column.kind:
        case "text":
            return _texts(column)
        case "whole":
            return _numbers(column, int, lambda text: text.isascii() and text.isdigit(), MAX_WHOLE_LENGTH)
        case "decimal":
            return _numbers(column, float, lambda text: not text.translate(_NO_DIGITS), MAX_DECIMAL_LENGTH)
        case "choice":
            return lambda _: None


def _texts(column: Column) -> Reader:
    length, blank, required = column.max_length, blanks(column), column.required

    def read(texts: Sequence[str]) -> Sequence[Cell] | None:
        together = "".join(texts)
        if max(map(len, texts)) > length or "\0" in together:
            return None
        try:
            together.encode()
        except UnicodeEncodeError:
            return None
        if blank.isdisjoint(map(str.strip, texts, repeat(" "))):
            return texts
        return None if required else [None if text.strip(" ") in blank else text for text in texts]

    return read


def _numbers(column: Column, number: type[int | float], plain: Callable[[str], bool], longest: int) -> Reader:
    blank, (low, high) = blanks(column), limits(column)

    def read(texts: Sequence[str]) -> Sequence[Cell] | None:
        if not plain("".join(texts)) or max(map(len, texts)) > longest or not blank.isdisjoint(texts):
            return None
        try:
            numbers = list(map(number, texts))
        except ValueError:  # two points, or a point alone
            return None
        return numbers if low <= min(numbers) and max(numbers) <= high else None

    return read
