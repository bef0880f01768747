"""Read label files: outcomes that come as a CSV instead of one by one."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mlops.data.cells import CellError, read_label
from mlops.data.objects import ObjectStore
from mlops.monitoring.stores import PredictionHistory, PredictionStream
from mlops.use_case import UseCase

PREFIX, READ = "labels/", "labels-read/"
PORTION = 1000


def read_labels(
    case: UseCase,
    objects: ObjectStore,
    bucket: str,
    log: PredictionStream,
    history: PredictionHistory,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Tell what each file under labels/ says that was not read yet, as feedback would; rows by what became of them.

    Of predictions that were drained: whoever calls drains first. What was read of a file is kept under labels-read/;
    half-read ones are read again, which is harmless.
    """
    done = {key.removeprefix(READ).removesuffix(".json") for key in objects.keys(bucket, READ)}
    counts: dict[str, Any] = {}
    for key in objects.keys(bucket, PREFIX):
        name = key.removeprefix(PREFIX)
        if name in done or not name.endswith(".csv"):
            continue
        try:
            body, _ = objects.get(bucket, key)
        except KeyError:  # deleted since it was listed
            continue
        counts[name] = _read(case, body, log, history, now().isoformat(timespec="milliseconds"))
        objects.put(bucket, f"{READ}{name}.json", json.dumps(counts[name]).encode(), "application/json")
    return counts


def _read(case: UseCase, body: bytes, log: PredictionStream, history: PredictionHistory, at: str) -> Mapping[str, Any]:
    counts, key = Counter[str](), case.label.key
    try:
        rows = csv.DictReader(body.decode("utf-8-sig", errors="replace").splitlines())
        header = [name if name == "prediction_id" else name.lower() for name in rows.fieldnames or []]
        if header != ["prediction_id", key]:
            return {"refused": f"The header must be prediction_id,{key}, not {','.join(rows.fieldnames or [])[:200]}"}
        rows.fieldnames = header
        while portion := list(islice(rows, PORTION)):
            read = [(row["prediction_id"] or "", _label(case, row[key])) for row in portion]
            told = [(name, label) for name, label in read if label is not None]
            known = history.known({name for name, _ in told})
            if outcomes := {name: label for name, label in told if name in known}:  # the last word counts
                log.tell([{"prediction_id": name, key: label, "at": at} for name, label in outcomes.items()])
            count = sum(name in known for name, _ in told)
            counts.update(told=count, unknown=len(told) - count, bad=len(portion) - len(told))
    except csv.Error as error:
        return {"refused": f"It cannot be read as CSV ({error}): mend it and upload it under another name", **counts}
    return +counts


def _label(case: UseCase, text: str | None) -> int | None:
    try:
        return read_label(case.label, text)
    except CellError:
        return None
