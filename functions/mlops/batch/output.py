"""How a shard's results are written: CSV or Parquet, the same rows always as the same bytes."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import IO, Protocol

from mlops.batch.layout import Format
from mlops.batch.records import Fault
from mlops.use_case import Cell

TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


class Writer(Protocol):
    """Takes scored rows, in order."""

    def write(self, ids: Sequence[Cell], labels: Sequence[int], probabilities: Sequence[float]) -> None: ...

    def close(self) -> None:
        """Write what is still to be written; the file stays open."""


class CsvWriter:
    """Implements `Writer`."""

    def __init__(self, file: IO[bytes], columns: Sequence[str], *, whole_ids: bool) -> None:
        self._text = io.TextIOWrapper(file, "utf-8", newline="", write_through=False)
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(columns)
        self._whole_ids = whole_ids

    def write(self, ids: Sequence[Cell], labels: Sequence[int], probabilities: Sequence[float]) -> None:
        cells = zip(ids, labels, probabilities, strict=True)
        if not self._whole_ids or None in ids:
            self._rows.writerows(cells)
            return
        # Numbers need no quotes; one that comes again is spelt once.
        spelt = {each: repr(each) for each in set(probabilities)}
        self._text.write("".join([f"{id},{label},{spelt[probability]}\n" for id, label, probability in cells]))

    def close(self) -> None:
        self._text.detach()


class ParquetWriter:
    """Implements `Writer`; holds a shard's rows until they are written, for a file has one row group."""

    def __init__(self, file: IO[bytes], columns: Sequence[str], *, whole_ids: bool) -> None:
        self._file, self._columns, self._whole_ids = file, columns, whole_ids
        self._ids: list[Cell] = []
        self._labels: list[int] = []
        self._probabilities: list[float] = []

    def write(self, ids: Sequence[Cell], labels: Sequence[int], probabilities: Sequence[float]) -> None:
        self._ids += ids
        self._labels += labels
        self._probabilities += probabilities

    def close(self) -> None:
        from arro3.core import Array, DataType, Table
        from arro3.io import write_parquet

        ids = self._ids if self._whole_ids else [None if each is None else str(each) for each in self._ids]
        kinds = (DataType.int64() if self._whole_ids else DataType.string(), DataType.int8(), DataType.float64())
        cells = zip((ids, self._labels, self._probabilities), kinds, strict=True)
        columns = [Array(values, kind) for values, kind in cells]
        write_parquet(Table.from_pydict(dict(zip(self._columns, columns, strict=True))), self._file)


def writer(format: Format, file: IO[bytes], columns: Sequence[str], *, whole_ids: bool) -> Writer:
    """A writer of id, label and probability; `whole_ids` are whole numbers."""
    kind = CsvWriter if format == "csv" else ParquetWriter
    return kind(file, columns, whole_ids=whole_ids)


def write_faults(file: IO[bytes], source: str, faults: Iterable[Fault], *, header: bool) -> None:
    """What was wrong with refused rows, a line a cell."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    rows = csv.writer(text, lineterminator="\n")
    if header:
        rows.writerow(["source", *Fault.__slots__])
    rows.writerows((source, *astuple(each)) for each in faults)
    text.detach()
