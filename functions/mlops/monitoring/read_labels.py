"""Read label files: outcomes that come as a CSV instead of one by one."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mlops.ports import ObjectStore, PredictionHistory, PredictionLog

PREFIX, READ = "labels/", "labels-read/"
COLUMNS = ["prediction_id", "survived"]
PORTION = 1000


def read_labels(
    objects: ObjectStore,
    bucket: str,
    log: PredictionLog,
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
        counts[name] = _read(body, log, history, now().isoformat(timespec="milliseconds"))
        objects.put(bucket, f"{READ}{name}.json", json.dumps(counts[name]).encode(), "application/json")
    return counts


def _read(body: bytes, log: PredictionLog, history: PredictionHistory, at: str) -> Mapping[str, Any]:
    counts = Counter[str]()
    try:
        rows = csv.DictReader(body.decode("utf-8-sig", errors="replace").splitlines())
        if rows.fieldnames != COLUMNS:
            return {"refused": f"The header must be {','.join(COLUMNS)}, not {','.join(rows.fieldnames or [])[:200]}"}
        while portion := list(islice(rows, PORTION)):
            fates = [(row["prediction_id"] or "", row["survived"]) for row in portion if row["survived"] in ("0", "1")]
            known = history.known({name for name, _ in fates})
            if told := {name: int(fate) for name, fate in fates if name in known}:  # the last word counts
                log.tell(told, at)
            count = sum(name in known for name, _ in fates)
            counts.update(told=count, unknown=len(fates) - count, bad=len(portion) - len(fates))
    except csv.Error as error:
        return {"refused": f"It cannot be read as CSV ({error}): mend it and upload it under another name", **counts}
    return +counts
