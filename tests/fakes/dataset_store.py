"""Dataset versions in dictionaries, judged row by row in Python: the oracle for what the database judges in SQL."""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import md5
from io import StringIO
from typing import Any

from mlops.data.cells import MISSING, CellError, read_label, reader
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetVersion, LabelledRow
from mlops.data.format_faults import Alike, closed, format_fault, notation
from mlops.data.quality import Profile
from mlops.data.rejection import DatasetRefusedError, Rejection
from mlops.errors import DatasetNotFoundError
from mlops.use_case import Cell, Column, UseCase


class MemoryDatasetStore:
    """Implements `data.datasets.DatasetStore`."""

    def __init__(self, case: UseCase) -> None:
        self._case = case
        self._versions: dict[str, tuple[DatasetVersion, list[Rejection], list[LabelledRow]]] = {}

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        case, rows = self._case, _rows(content)
        if content.version in self._versions:
            return self.find(content.version)
        good: dict[str, tuple[int, LabelledRow]] = {}
        rejections: list[Rejection] = []
        occurrences = Counter[str]()
        for number, row in enumerate(rows, start=1):
            cells, faults = read(case, row)
            found = [Rejection(number, name, (row[name] or "")[:200], why) for name, why in faults.items()]
            if not found:
                row_id = str(cells[case.id.name]) if case.id else self._content_id(row, occurrences)
                kept = {column.name: cells[column.name] for column in case.kept}
                labelled = LabelledRow(row_id, int(cells[case.label.name] or 0), kept)
                first, _ = good.setdefault(row_id, (number, labelled))
                if first != number and case.id:
                    name = case.id.name
                    found = [Rejection(number, name, row[name] or "", f"repeats row {first}")]
            rejections += found
        rejected = len(rows) - len(good)
        if rejected > max_rejected_share * len(rows):
            raise DatasetRefusedError(f"{rejected} of {len(rows)} rows are bad", rejections)
        if fault := format_fault(alike(case, rejections)):
            raise DatasetRefusedError(fault, rejections)
        about = (source, len(good), rejected, float(len(self._versions)), content.digest, case.table_hash)
        version = DatasetVersion(content.version, *about)
        ordered = sorted((row for _, row in good.values()), key=lambda row: (len(row.row_id), row.row_id))
        self._versions[version.version] = version, sorted(rejections, key=lambda r: (r.row, r.field)), ordered
        return version

    def find(self, version: str) -> DatasetVersion:
        if version not in self._versions:
            raise DatasetNotFoundError(version)
        return self._versions[version][0]

    def rejections(self, version: str) -> Iterator[Rejection]:
        return iter(self._versions[version][1])

    def profiles(self, version: str) -> tuple[Profile, Profile | None]:
        order = list(self._versions)
        place = order.index(version)
        return self._profile(version), self._profile(order[place - 1]) if place else None

    def forget(self, keep: int, needed: Collection[str]) -> Iterator[str]:
        expired = [version for version in list(self._versions)[::-1][keep:] if version not in needed]
        yield from expired
        for version in expired:
            del self._versions[version]

    def rows(self, version: str) -> Iterator[LabelledRow]:
        self.find(version)
        return iter(self._versions[version][2])

    def part(self, version: str, number: int, of: int) -> Iterator[LabelledRow]:
        self.find(version)
        return iter(self._versions[version][2][number::of])

    def _profile(self, version: str) -> Profile:
        rows = list(self.rows(version))
        counts = {"0": sum(row.label == 0 for row in rows), "1": sum(row.label == 1 for row in rows)}
        columns = {self._case.label.name: {"missing": 0, "counts": counts}}
        columns |= {c.name: measured(c, [row.row[c.name] for row in rows]) for c in self._case.kept}
        return {"rows": len(rows), "columns": columns}

    def _content_id(self, row: Mapping[str, str | None], occurrences: Counter[str]) -> str:
        content = repr([row[column.name] for column in self._case.kept])
        digest = md5(content.encode()).hexdigest()[:24]
        occurrences[digest] += 1
        return f"{digest}.{occurrences[digest]}"


def read(case: UseCase, row: Mapping[str, str | None]) -> tuple[dict[str, Cell], dict[str, str]]:
    """The cells of a row, and why each that breaks its column's rule does."""
    cells: dict[str, Cell] = {}
    faults: dict[str, str] = {}
    readers = {column.name: reader(column) for column in (*([case.id] if case.id else []), *case.kept)}
    for name, value in row.items():
        if name in case.ignored:
            continue
        try:
            if name == case.label.name:
                if value is None:
                    raise CellError("is missing")
                cells[name] = read_label(case.label, value)
            else:
                cells[name] = readers[name](value)
        except CellError as error:
            faults[name] = str(error)
    return cells, faults


def alike(case: UseCase, rejections: list[Rejection]) -> Iterator[Alike]:
    """The rejections of each closed column, by how they are written."""
    for field in closed(case):
        faults = [r for r in rejections if r.field == field and r.reason != MISSING and "repeats" not in r.reason]
        for form in {notation(each.value) for each in faults}:
            values = Counter(each.value for each in faults if notation(each.value) == form)
            (example, _), *_ = values.most_common(1)
            yield field, example, faults[0].reason, len(values), values.total(), len(faults)


def measured(column: Column, values: list[Any]) -> dict[str, Any]:
    """What the profile tells of a column."""
    known = [value for value in values if value is not None]
    found: dict[str, Any] = {"missing": len(values) - len(known)}
    if column.kind == "choice":
        texts = [str(value) for value in known]
        found["counts"] = {str(choice): texts.count(str(choice)) for choice in column.choices}
        if column.open:
            found["counts"]["other"] = sum(text not in found["counts"] for text in texts)
    elif column.kind != "text":
        mean = round(sum(known) / len(known), 4) if known else None
        found |= {"low": min(known, default=None), "high": max(known, default=None), "mean": mean}
    return found


def _rows(content: CsvContent) -> list[dict[str, str | None]]:
    data = b"".join(iter(content.read, b""))
    if b"\0" in data:
        raise DatasetRefusedError("The file holds a NUL byte")
    try:
        rows = list(csv.reader(StringIO(data.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetRefusedError(f"The file is not UTF-8 or cannot be read as CSV: {error}") from error
    if not rows:
        raise DatasetRefusedError("The file has a header and no rows")
    if any(len(row) != len(content.columns) for row in rows):
        raise DatasetRefusedError("The file cannot be read as CSV: every line needs all columns")
    return [{name: value or None for name, value in zip(content.columns, row, strict=True)} for row in rows]
