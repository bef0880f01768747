"""The records of a shard, read column by column: rows as every door reads them, and what is wrong with the others."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, cast

from mlops.batch.layout import LARGEST
from mlops.data import columns
from mlops.data.cells import CellError, reader
from mlops.use_case import Cell, Column, Row, UseCase

# Rows that are worked on together; memory grows with them.
TOGETHER = 1024
# Texts that a column's memory holds; a column with more is a name or a number with many places, and hardly repeats.
_REMEMBERED = 4096
ROW = "row"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was refused; `field` is empty where it is no single cell's fault."""

    row: int
    row_id: str
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Some consecutive records: the good rows with their ids, in order, and the faults of the others."""

    ids: Sequence[Cell]
    rows: Sequence[Row]
    faults: Sequence[Fault]
    records: int


class _Refusal(str):
    """Why a text is refused. No CellError: its traceback would keep alive all that it passed through."""


class _Readings(dict[str, Any]):
    """What a column's texts stand for, or the refusal of one that it does not take. Most texts come again and again."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self._read, self._read_at_once = reader(column), columns.reader(column)
        self.any_fault = False

    def of(self, texts: Sequence[str]) -> Sequence[Any]:
        """What each text stands for."""
        at_once = self._read_at_once(texts) if texts and len(self) >= _REMEMBERED else None
        return at_once if at_once is not None else list(map(self.__getitem__, texts))

    def __missing__(self, text: str) -> Any:
        try:
            found: Any = self._read(text)
        except CellError as error:
            found, self.any_fault = _Refusal(error), True
        if len(self) < _REMEMBERED:
            self[text] = found
        return found


class RecordReader:
    """Reads records of a use case's table under a header; what it has learnt of texts serves the next shard too."""

    def __init__(self, case: UseCase, columns: Sequence[str]) -> None:
        self._names = [column.name for column in case.kept]
        self._width = len(columns)
        places = {name: place for place, name in enumerate(columns)}
        self._columns = [(column.name, places.get(column.name), _Readings(column)) for column in case.kept]
        self.id_name = case.id.name if case.id and case.id.name in places else ROW
        self._id = None
        if case.id and case.id.name in places:
            # As in a request, a row needs no id.
            own = Column(case.id.name, case.id.kind, required=False, low=case.id.low, high=case.id.high)
            self._id = (own.name, places[own.name], _Readings(own))

    def portions(self, stream: IO[bytes], first_row: int) -> Iterator[Portion]:
        """The records of a stream, some thousand at a time."""
        csv.field_size_limit(LARGEST)  # a cell that is too long is refused by its column's rule
        # A byte that is no UTF-8 becomes half of a surrogate pair, and costs its own row alone.
        buffered = io.BufferedReader(cast("io.RawIOBase", stream), 2**18)
        records = csv.reader(io.TextIOWrapper(buffered, "utf-8", "surrogateescape", newline=""))
        while some := list(islice(records, TOGETHER)):
            yield self._portion(some, first_row)
            first_row += len(some)

    def _portion(self, records: list[list[str]], first_row: int) -> Portion:
        faults: list[Fault] = []
        numbers: Sequence[int] = range(first_row, first_row + len(records))
        total, width = len(records), self._width
        if set(map(len, records)) != {width}:
            for number, record in zip(numbers, records, strict=True):
                if len(record) != width:
                    faults.append(Fault(number, "", "", "", f"has {len(record)} cells, the header has {width}"))
            kept = [(n, record) for n, record in zip(numbers, records, strict=True) if len(record) == width]
            numbers, records = [n for n, _ in kept], [record for _, record in kept]
        texts = list(zip(*records, strict=True)) or [()] * width
        columns, bad = [], set[int]()
        for name, place, readings in [*self._columns, *([self._id] if self._id else [])]:
            cells = readings.of(texts[place]) if place is not None else [None] * len(records)
            columns.append(cells)
            if readings.any_fault:
                refused = [at for at, cell in enumerate(cells) if cell.__class__ is _Refusal]
                bad.update(refused)
                faults += [self._fault(numbers[at], records[at], name, place, cells[at]) for at in refused]
        ids = columns.pop() if self._id else list(numbers)
        cells_of: Iterator[tuple[Cell, ...]] = zip(*columns, strict=True)
        if bad:
            good = [at for at in range(len(records)) if at not in bad]
            ids, everyone = [ids[at] for at in good], list(cells_of)
            cells_of = iter([everyone[at] for at in good])
            faults.sort(key=lambda each: each.row)
        names = self._names
        return Portion(ids, [dict(zip(names, cells, strict=False)) for cells in cells_of], faults, total)

    def _fault(self, number: int, record: list[str], field: str, place: int | None, refusal: Any) -> Fault:
        text = "" if place is None else record[place]
        reason = str(refusal) if text.isascii() or _encodable(text) else "is not UTF-8"
        row_id = record[self._id[1]] if self._id else ""
        return Fault(number, _printable(row_id), field, _printable(text), reason)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
