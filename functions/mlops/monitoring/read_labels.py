"""Read label files: outcomes that come as a CSV instead of one by one."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import IO, Any

from mlops.data.cells import read_label, read_prediction_id
from mlops.data.csv_content import CsvContent
from mlops.data.objects import ObjectStore
from mlops.data.rejection import DatasetRefusedError
from mlops.monitoring.stores import PredictionHistory
from mlops.use_case import UseCase

PREFIX, READ = "labels/", "labels-read/"
PORTION = 1000


def read_labels(
    case: UseCase,
    objects: ObjectStore,
    bucket: str,
    history: PredictionHistory,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Keep the outcomes that each file under labels/ tells and that was not read yet; rows by what became of them.

    Of predictions that were drained: whoever calls drains first. What was read of a file is reported under labels-read/
    by its name and ETag, so a file that was mended is read again; reading one twice is harmless.
    """
    done = {each.key: each.at for each in objects.listed(bucket, READ)}
    counts: dict[str, Any] = {}
    for file in objects.listed(bucket, PREFIX):
        name = file.key.removeprefix(PREFIX)
        report = f"{READ}{name}.{file.etag}.json"
        # An earlier release named the report by the file's name alone.
        if report in done or done.get(f"{READ}{name}.json", file.at) > file.at or file.key.endswith("/"):
            continue
        try:
            stream = objects.open(bucket, file.key)
        except KeyError:  # deleted since it was listed
            continue
        with stream:
            counts[name] = _read(case, stream, history, now().isoformat(timespec="milliseconds"))
        objects.put(bucket, report, json.dumps(counts[name]).encode(), "application/json")
    return counts


def _read(case: UseCase, stream: IO[bytes], history: PredictionHistory, at: str) -> Mapping[str, Any]:
    columns, counts = ("prediction_id", case.label.key), Counter[str]()
    try:
        content = CsvContent(stream, case, columns)
        data = b"".join(iter(content.read, b""))
        rows = iter([row for row in csv.reader(StringIO(data.decode(), newline=""), strict=True) if row])
    except (DatasetRefusedError, csv.Error) as error:
        return {"refused": f"{error}. A label file has the columns {','.join(columns)}"}
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 2
        return {"refused": f"Line {line} is not UTF-8: save the file as UTF-8"}
    while portion := list(islice(rows, PORTION)):
        told = [each for row in portion if (each := _told(case, content.columns, row))]
        known = history.known({name for name, _ in told})
        outcomes = [{"prediction_id": name, case.label.key: label, "at": at} for name, label in told if name in known]
        history.keep([], outcomes)
        counts.update(told=len(outcomes), unknown=len(told) - len(outcomes), bad=len(portion) - len(told))
    return +counts


def _told(case: UseCase, columns: Sequence[str], row: Sequence[str]) -> tuple[str, int] | None:
    """A prediction's name and its outcome; None of a row with other cells than these."""
    try:
        cells = dict(zip(columns, row, strict=True))
        return read_prediction_id(cells["prediction_id"]), read_label(case.label, cells[case.label.key])
    except ValueError:
        return None
