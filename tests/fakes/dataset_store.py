"""Dataset versions in dictionaries, judged row by row in Python: the oracle for what the database judges in SQL."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import StringIO
from typing import Any

from mlops.data.csv_content import CsvContent
from mlops.data.quality import Profile
from mlops.data.validation import COLUMNS, MISSING, SCHEMA_HASH, Column
from mlops.errors import DatasetNotFoundError, DatasetRefusedError
from mlops.ports import DatasetVersion, Rejection
from titanic.passenger import FIELDS, LabelledPassenger, Passenger

NUMBERS = {
    "whole": re.compile("[0-9]{1,10}"),
    "decimal": re.compile("(?=.{1,20}$)([0-9]+[.]?[0-9]*|[.][0-9]+)"),
}


class MemoryDatasetStore:
    """Implements `ports.DatasetStore`."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[DatasetVersion, list[Rejection], list[LabelledPassenger]]] = {}

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        rows = _rows(content)
        if content.version in self._versions:
            return self.find(content.version)
        good: dict[int, tuple[int, LabelledPassenger]] = {}
        rejections: list[Rejection] = []
        for number, row in enumerate(rows, start=1):
            faults = [
                Rejection(number, c.name, (row[c.name] or "")[:200], why) for c in COLUMNS if (why := fault(c, row))
            ]
            if not faults:
                labelled = _labelled(row)
                first, _ = good.setdefault(labelled.passenger_id, (number, labelled))
                if first != number:
                    faults = [Rejection(number, "PassengerId", row["PassengerId"] or "", f"repeats row {first}")]
            rejections += faults
        rejected = len(rows) - len(good)
        if rejected > max_rejected_share * len(rows):
            raise DatasetRefusedError(f"{rejected} of {len(rows)} rows are bad", rejections)
        version = DatasetVersion(
            content.version, source, len(good), rejected, float(len(self._versions)), content.digest, SCHEMA_HASH
        )
        passengers = sorted((row for _, row in good.values()), key=lambda row: row.passenger_id)
        self._versions[version.version] = version, sorted(rejections, key=lambda r: (r.row, r.field)), passengers
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

    def _profile(self, version: str) -> Profile:
        rows = [
            {"passenger_id": row.passenger_id, "survived": row.survived, **asdict(row.passenger)}
            for row in self.passengers(version)
        ]
        return {"rows": len(rows), "columns": {c.name: _measured(c, [row[c.field] for row in rows]) for c in COLUMNS}}

    def passengers(self, version: str) -> Iterator[LabelledPassenger]:
        return iter(self._versions[version][2])


def fault(column: Column, row: Mapping[str, str | None]) -> str | None:
    """Why a value breaks its column's rule, if it does."""
    value = row[column.name]
    if value is None:
        return MISSING if column.required else None
    match column.kind:
        case "choice":
            obeyed = value in column.choices
        case "text":
            obeyed = len(value) <= column.high
        case kind:
            obeyed = NUMBERS[kind].fullmatch(value) is not None and column.low <= float(value) <= column.high
    return None if obeyed else column.reason


def _measured(column: Column, values: list[Any]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    measured: dict[str, Any] = {"missing": len(values) - len(known)}
    if column.kind == "choice":
        measured["counts"] = {choice: sum(str(value) == choice for value in known) for choice in column.choices}
    elif column.kind != "text":
        measured |= {"low": min(known, default=None), "high": max(known, default=None)}
        if column.name in FIELDS:
            measured["mean"] = round(sum(known) / len(known), 4) if known else None
    return measured


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


def _labelled(row: Mapping[str, str | None]) -> LabelledPassenger:
    def whole(name: str) -> int:
        return int(row[name] or "")

    def decimal(name: str) -> float | None:
        value = row[name]
        return float(value) if value is not None else None

    known = Passenger(
        pclass=whole("Pclass"),
        name=row["Name"] or "",
        sex=row["Sex"] or "",
        age=decimal("Age"),
        sibsp=whole("SibSp"),
        parch=whole("Parch"),
        ticket=row["Ticket"],
        fare=decimal("Fare"),
        cabin=row["Cabin"],
        embarked=row["Embarked"],
    )
    return LabelledPassenger(whole("PassengerId"), whole("Survived"), known)
