"""Read label files: outcomes that come as a CSV instead of one by one."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from titanic.errors import PredictionNotFoundError
from titanic.ports import ObjectStore

PREFIX, READ = "labels/", "labels-read/"
COLUMNS = ["prediction_id", "survived"]


def read_labels(objects: ObjectStore, bucket: str, tell: Callable[[str, int], None]) -> dict[str, Any]:
    """Tell each row of each file under labels/ that was not read yet, as feedback would; rows by what became of them.

    What was read of a file is kept under labels-read/; half-read ones are read again, which is harmless.
    """
    done = {key.removeprefix(READ).removesuffix(".json") for key in objects.keys(bucket, READ)}
    counts: dict[str, Any] = {}
    for key in objects.keys(bucket, PREFIX):
        name = key.removeprefix(PREFIX)
        if name in done or not name.endswith(".csv"):
            continue
        counts[name] = _read(objects.get(bucket, key)[0], tell)
        objects.put(bucket, f"{READ}{name}.json", json.dumps(counts[name]).encode(), "application/json")
    return counts


def _read(body: bytes, tell: Callable[[str, int], None]) -> dict[str, Any]:
    rows = csv.DictReader(body.decode("utf-8-sig", errors="replace").splitlines())
    if rows.fieldnames != COLUMNS:
        return {"refused": f"The header must be {','.join(COLUMNS)}, not {','.join(rows.fieldnames or [])[:200]}"}
    counts: Counter[str] = Counter()
    for row in rows:
        if row["survived"] not in ("0", "1"):
            counts["bad"] += 1
            continue
        try:
            tell(row["prediction_id"] or "", int(row["survived"]))
            counts["told"] += 1
        except PredictionNotFoundError:
            counts["unknown"] += 1
    return dict(counts)
