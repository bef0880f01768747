"""Monitor: compare what serving saw lately with what the champion was trained on, and keep the report."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from titanic import drift
from titanic.errors import NoChampionError
from titanic.ports import ObjectStore, PredictionLog
from titanic.registry import REFERENCE, Shelf

WINDOW = 1000


def monitor(
    objects: ObjectStore,
    log: PredictionLog,
    bucket: str,
    window: int = WINDOW,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Write the drift report of the last `window` predictions, and return it in short.

    Only those of the champion count: its scores are compared with its scores, and after a promotion the window
    starts anew.
    """
    shelf = Shelf(objects, bucket)
    champion = shelf.champion()
    if champion is None:
        raise NoChampionError("No model was promoted yet: run the pipeline first")
    version = champion.version
    reference = json.loads(shelf.artifact(version, REFERENCE))
    seen = [entry for entry in log.recent(window) if entry["model_version"] == version]
    times = sorted(entry["at"] for entry in seen)
    report = {
        "model_version": version,
        "made_at": now().isoformat(timespec="milliseconds"),
        "window": {"size": len(seen), "from": times[0] if times else None, "to": times[-1] if times else None},
        **drift.compare(reference, seen),
    }
    key = f"drift/{now():%Y%m%dT%H%M%S.%f}Z.json"
    body = json.dumps(report).encode()
    objects.put(bucket, key, body, "application/json")
    objects.put(bucket, "drift/latest.json", body, "application/json")
    return {
        "model_version": version,
        "status": report["status"],
        "window": report["window"],
        "drifted": [each["name"] for each in (*report["features"], report["prediction"]) if each["status"] == "drift"],
        "report_key": key,
    }
