"""What of the table itself is written into a use case: rows to try out, and the bounds of slices."""

from collections.abc import Iterator, Sequence

import pandas as pd

from new.columns import Inferred
from new.label import Classes

_MAX_SLICES, _MAX_SLICE_VALUES = 4, 6
_EXAMPLES = 4
_WIDTH = 108


def slices(kept: Sequence[Inferred], rows: pd.DataFrame) -> Iterator[str]:
    """The categories of the fewest values, then numbers in thirds."""
    categories = [column for column in kept if 2 <= len(column.choices) <= _MAX_SLICE_VALUES]
    chosen = sorted(categories, key=lambda column: len(column.choices))[: _MAX_SLICES - 2]
    yield from (f"Slice({column.name!r})" for column in chosen)
    numbers = [column for column in kept if column.kind in ("whole", "decimal") and column.feature == "number"]
    thirds = [(column, bounds) for column in numbers if (bounds := _thirds(rows[column.name]))]
    for column, (low, high) in thirds[: _MAX_SLICES - len(chosen)]:
        names = (low, f"up to {low:g}"), (high, f"up to {high:g}"), (float("inf"), f"over {high:g}")
        yield f"Slice({column.name!r}, ({', '.join(map(_bound, names))}))"


def _bound(bound: tuple[float, str]) -> str:
    return f"({bound[0]!r}, {bound[1]!r})" if bound[0] != float("inf") else f"(float('inf'), {bound[1]!r})"


def _thirds(cells: pd.Series) -> tuple[float, float] | None:
    numbers = pd.to_numeric(cells, errors="coerce").dropna()
    low, high = (float(f"{bound:.3g}") for bound in numbers.quantile([1 / 3, 2 / 3]))
    return (low, high) if numbers.min() <= low < high < numbers.max() else None


def examples(kept: Sequence[Inferred], rows: pd.DataFrame, labels: pd.Series, classes: Classes) -> Iterator[str]:
    """Rows of both classes, in turns; with as few missing cells as there are."""
    blank = [rows[column.name].isin(["", *column.missing]) for column in kept]
    missing = pd.concat(blank, axis=1).sum(axis=1)
    for place in range(_EXAMPLES):
        label = place % 2
        fewest = missing[labels == classes.values[label]]
        complete = fewest.index[fewest == fewest.min()]
        # Not neighbours, which files often have alike.
        number = int(complete[(len(complete) * (place // 2)) // (_EXAMPLES // 2)])
        cells = zip(kept, map(str, rows.loc[number, [column.name for column in kept]]), strict=True)
        yield f'    Example(title="Row {number + 1}", label={label}, row={{'
        yield from _packed(f"{_literal(column.name)}: {_literal(_cell(column, text))}" for column, text in cells)
        yield "    }),"


def _packed(parts: Iterator[str]) -> Iterator[str]:
    line = ""
    for part in parts:
        if line and len(line) + len(part) > _WIDTH:
            yield f"        {line.rstrip()}"
            line = ""
        line += f"{part}, "
    yield f"        {line.rstrip()}"


def _cell(column: Inferred, text: str) -> str | int | float | None:
    if text in ("", *column.missing):
        return None
    if column.kind == "whole":
        return int(text.partition(".")[0])
    return float(text) if column.kind == "decimal" else text


def _literal(cell: str | int | float | None) -> str:
    """A Python literal, in double quotes where it is plain text."""
    plain = isinstance(cell, str) and cell.isprintable() and not set(cell) & {'"', "\\"}
    return f'"{cell}"' if plain else repr(cell)
