"""The CSV as text cells, read by pandas, and the same table as this project takes it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from new.refusal import RefusedError

_FOREIGN = {
    b"PK\x03\x04": "a workbook or a zip archive",
    b"\x1f\x8b": "packed by gzip",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Lines by which the separator is told, and the share of rows that may be broken.
_SAMPLE = 50
MAX_BROKEN = 0.2


@dataclass(frozen=True)
class Table:
    """The rows as text without spaces around it, blank cells as "".

    `notes` tell what was changed on the way; `padded` are the columns whose cells had spaces around them.
    """

    name: str
    rows: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    padded: frozenset[str] = frozenset()

    def labelled(self, rows: "pd.Series[bool]") -> "Table":
        """The table of those rows alone."""
        note = f"{len(rows) - int(rows.sum()):,} rows without a label are left out of the copy"
        return replace(self, rows=self.rows[rows].reset_index(drop=True), notes=[*self.notes, note])

    def content(self) -> bytes:
        """The table as CSV: UTF-8, commas, quotes where they are needed, lines that end alike."""
        return self.rows.to_csv(index=False, lineterminator="\r\n").encode()


def read_table(path: Path) -> Table:
    """The table of a file; RefusedError if it holds none."""
    if not path.is_file():
        raise RefusedError(f"There is no file {path}", "CSV=… is the path of a CSV file")
    text, notes = _text(path)
    separator = _separator(text)
    if separator != ",":
        notes.append(f"columns are separated by {_SEPARATORS[separator]}; the copy has commas")
    header = list(_header(text, separator, notes))
    rows = _rows(text, separator, header, notes)
    stripped = rows.apply(lambda cells: cells.str.strip(" "))
    padded = frozenset(name for name in header if ((stripped[name] != rows[name]) & (stripped[name] != "")).any())
    if padded:
        notes.append("spaces around cells are taken away in the copy")
    return Table(path.name, stripped, notes, padded)


def _text(path: Path) -> tuple[str, list[str]]:
    raw = path.read_bytes()
    for mark, what in _FOREIGN.items():
        if raw.startswith(mark):
            raise RefusedError(f"{path} is no CSV text but {what}", "save or unpack it as CSV in UTF-8")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, notes = raw.decode("utf-16", errors="replace"), ["it is UTF-16; the copy is UTF-8"]
    else:
        try:
            text, notes = raw.decode("utf-8-sig"), []
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
            notes = ["it is not UTF-8 and was read as Windows-1252: look at the accents; the copy is UTF-8"]
    if "\0" in text:
        raise RefusedError(f"{path} holds NUL characters: it is damaged or no text", "export it again, in UTF-8")
    if not text.strip():
        raise RefusedError(f"{path} is empty", "give a table with a header and rows")
    return text, notes


def _lines(text: str, separator: str) -> Iterator[list[str]]:
    usual = csv.field_size_limit(1 << 24)
    try:
        yield from (line for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if line)
    finally:
        csv.field_size_limit(usual)


def _separator(text: str) -> str:
    """The one that divides the first lines into the most columns, as many in nearly each."""

    def width(separator: str) -> int:
        widths = [len(line) for line, _ in zip(_lines(text, separator), range(_SAMPLE), strict=False)]
        return widths[0] if widths.count(widths[0]) >= (1 - MAX_BROKEN) * len(widths) else 1

    best = max(_SEPARATORS, key=width)
    if width(best) < 2:
        raise RefusedError(
            "The table has a single column, or lines of different lengths",
            "separate the columns by commas, and quote cells that hold one",
        )
    return best


def _header(text: str, separator: str, notes: list[str]) -> Iterator[str]:
    for place, name in enumerate(next(_lines(text, separator))):
        if not name.strip():
            notes.append(f"column {place + 1} has no name; it is called 'Unnamed: {place}', as pandas does")
            yield f"Unnamed: {place}"
        elif any(ord(character) < 32 for character in name):
            notes.append(f"column {place + 1} is called {' '.join(name.split())!r}: a name has one line")
            yield " ".join(name.split())
        else:
            yield name


def _rows(text: str, separator: str, header: list[str], notes: list[str]) -> pd.DataFrame:
    """Every cell as text: what pandas takes for missing by itself is decided later, and said."""
    if doubled := sorted({name for name in header if header.count(name) > 1}):
        raise RefusedError(
            f"Column {doubled[0]!r} is there more than once", f"rename one, to {doubled[0] + '_2'!r} say"
        )
    broken = [number for number, line in enumerate(_lines(text, separator)) if len(line) != len(header)]
    if not broken:
        return pd.read_csv(
            io.StringIO(text, newline=""),
            sep=separator,
            names=header,
            header=0,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            index_col=False,
        )
    lines = list(_lines(text, separator))[1:]
    if len(broken) > MAX_BROKEN * len(lines):
        raise RefusedError(
            f"{len(broken):,} of {len(lines):,} rows have not the header's {len(header)} cells, row {broken[0]} first",
            "quote cells that hold the separator",
        )
    notes.append(f"{len(broken):,} rows without {len(header)} cells are left out, row {broken[0]} first")
    return pd.DataFrame([line for line in lines if len(line) == len(header)], columns=header, dtype=object)
