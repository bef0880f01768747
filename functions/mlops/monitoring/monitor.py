"""Monitor: compare what serving saw lately with what the champion was trained on, and keep the report."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import nan
from typing import Any

from mlops.data.objects import ObjectStore
from mlops.errors import StoreUnavailableError
from mlops.monitoring import drift
from mlops.monitoring.stores import PredictionHistory, PredictionStream
from mlops.registry.versions import CARD, REFERENCE, RegistryReader
from mlops.telemetry import metrics
from mlops.telemetry.stores import Telemetry

WINDOW = 500
PRELIMINARY = 100
LABELLED = 1000
LATEST = "drift/latest.json"


def monitor(
    registry: RegistryReader,
    objects: ObjectStore,
    log: PredictionStream,
    telemetry: Telemetry,
    history: PredictionHistory,
    window: int = WINDOW,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Write the drift report of the last `window` predictions, set the gauges, and return it.

    Only those of the champion count: its scores are compared with its scores, and after a promotion the window
    starts anew. A window too small for a verdict is only looked at: gauges, the latest report and the windows in a row
    stay as they are.
    """
    judged = window >= drift.MINIMUM_SAMPLE
    bucket = registry.bucket
    version = registry.serving().version
    seen = _seen(log, window, version)
    report = _report(registry, history, version, seen, drift.MINIMUM_SAMPLE, now())
    made_at = report["made_at"]
    times = sorted(entry["at"] for entry in seen)
    previous = _previous(objects, bucket, version)
    # What a clock that is ahead tells would count again and again, and keep the rest from counting.
    report |= _sustained(previous, report, [at for at in times if at <= made_at] if judged else [])
    key = f"drift/{now():%Y%m%dT%H%M%S.%f}Z.json"
    body = json.dumps(report).encode()
    objects.put(bucket, key, body, "application/json")
    if judged:
        objects.put(bucket, LATEST, body, "application/json")
        telemetry.measure(_gauges(report, dict(registry.versions()).get(version)))
    return {**report, "report_key": key}


def preliminary(
    registry: RegistryReader,
    objects: ObjectStore,
    log: PredictionStream,
    history: PredictionHistory,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any] | None:
    """A report on a champion that has none yet, from its first hundred predictions on; None if there is nothing new.

    It is marked so, and nothing else is done with it: no gauge, no window in a row, no retraining.
    """
    champion = registry.champion()
    if champion is None:
        return None
    known, seen = _previous(objects, registry.bucket, champion.version), _seen(log, WINDOW, champion.version)
    if len(seen) < PRELIMINARY or (known and (not known.get("preliminary") or known["window"]["size"] == len(seen))):
        return None
    report = _report(registry, history, champion.version, seen, PRELIMINARY, now())
    report |= {"preliminary": True, "sustained": 0, "counted_to": None}
    objects.put(registry.bucket, LATEST, json.dumps(report).encode(), "application/json")
    return report


def _seen(log: PredictionStream, window: int, version: str) -> list[Mapping[str, Any]]:
    return [entry for entry in log.recent(window) if entry["model_version"] == version]


def _report(
    registry: RegistryReader,
    history: PredictionHistory,
    version: str,
    seen: Sequence[Mapping[str, Any]],
    minimum: int,
    now: datetime,
) -> dict[str, Any]:
    """What a window of the champion's predictions says."""
    times = sorted(entry["at"] for entry in seen)
    return {
        "model_version": version,
        "made_at": now.isoformat(timespec="milliseconds"),
        "window": {"size": len(seen), "from": times[0] if times else None, "to": times[-1] if times else None},
        **drift.compare(json.loads(registry.artifact(version, REFERENCE)), seen, minimum),
        "performance": _performance(history, version, json.loads(registry.artifact(version, CARD))),
    }


def _performance(history: PredictionHistory, version: str, card: Mapping[str, Any]) -> dict[str, Any] | None:
    """None while the history is away."""
    try:
        return drift.performance(*history.outcomes(version, LABELLED), card["metrics"])
    except StoreUnavailableError:
        return None


def _previous(objects: ObjectStore, bucket: str, version: str) -> Mapping[str, Any]:
    """The latest report on the same model."""
    try:
        report: Mapping[str, Any] = json.loads(objects.get(bucket, LATEST)[0])
    except KeyError:
        return {}
    return report if report["model_version"] == version else {}


def _sustained(previous: Mapping[str, Any], report: Mapping[str, Any], times: Sequence[str]) -> dict[str, Any]:
    """How many windows in a row drift; one counts only with a minimum sample of predictions that none before had.

    `counted_to` is how far the windows that were counted reach.
    """
    before, counted_to = previous.get("sustained", 0), previous.get("counted_to") or ""
    if not drift.drifted(report):
        before = 0
    if sum(at > counted_to for at in times) < drift.MINIMUM_SAMPLE:
        return {"sustained": before, "counted_to": counted_to or None}
    return {"sustained": before + 1 if drift.drifted(report) else 0, "counted_to": times[-1]}


def _gauges(report: Mapping[str, Any], published_at: str | None) -> dict[str, float]:
    known = report["performance"] or {}
    gauges = {
        metrics.named(metrics.MEASURED.name, "drift"): datetime.fromisoformat(report["made_at"]).timestamp(),
        metrics.DRIFTING.name: float(bool(drift.drifted(report))),
        metrics.SUSTAINED.name: float(report["sustained"]),
        metrics.WINDOW.name: float(report["window"]["size"]),
    }
    for each in (*report["features"], report["prediction"]):
        gauges[metrics.named(metrics.PSI.name, each["name"])] = each["psi"]
        gauges[metrics.named(metrics.ADJUSTED_P.name, each["name"])] = each["test"]["adjusted_p"]
    if published_at:
        gauges[metrics.PUBLISHED.name] = datetime.fromisoformat(published_at).timestamp()
    if known:
        gauges[metrics.LABELLED.name] = known["labelled"]
        gauges[metrics.named(metrics.ACCURACY.name, "holdout")] = known["reference_accuracy"]
        # NaN, not what was true of another model.
        gauges[metrics.named(metrics.ACCURACY.name, "live")] = nan if known["accuracy"] is None else known["accuracy"]
    return gauges
