"""Monitor, on stores in memory."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from fakes.prediction_log import MemoryPredictionLog
from titanic import drift
from titanic.errors import ModelCorruptedError, NoChampionError
from titanic.features import derive
from titanic.passenger import Passenger
from titanic.registry import REFERENCE, Registry
from titanic.workflows.monitor import monitor

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def entry(number: int, version: str = "", sex: str = "") -> dict[str, Any]:
    features = derive(Passenger(number % 3 + 1, "A, Mr. B", sex or ("male", "female")[number % 2]))
    at = datetime(2026, 1, 1, 0, number // 60, number % 60, tzinfo=UTC).isoformat()
    return {"at": at, "model_version": version, "features": features, "probability": number % 10 / 10}


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def champion(objects: MemoryObjectStore) -> str:
    """The version of a champion that was trained on passengers like those of `entry`."""
    trained = [entry(number) for number in range(600)]
    reference = drift.reference([e["features"] for e in trained], [e["probability"] for e in trained])
    registry = Registry(objects, "models")
    version = registry.publish({REFERENCE: json.dumps(reference).encode()})
    registry.enthrone(version, "the first", instead_of=None)
    return version


def test_the_report_is_kept_twice_and_returned_in_short(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion) for number in range(600)], {})

    summary = monitor(objects, log, "models", 300, now=lambda: NOW)

    assert summary == {
        "model_version": champion,
        "status": "ok",
        "window": {"size": 300, "from": "2026-01-01T00:05:00+00:00", "to": "2026-01-01T00:09:59+00:00"},
        "drifted": [],
        "report_key": "drift/20260102T030405.678000Z.json",
    }
    body, _ = objects.get("models", summary["report_key"])
    assert objects.get("models", "drift/latest.json")[0] == body
    report = json.loads(body)
    assert {name: report[name] for name in ("model_version", "status", "window")} == {
        name: summary[name] for name in ("model_version", "status", "window")
    }
    for each in (*report["features"], report["prediction"]):
        assert len(each["bins"]) == len(each["reference"]) == len(each["current"])
        assert sum(each["current"]) == pytest.approx(1, abs=0.001)


def test_drift_names_what_drifted(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion, sex="male") for number in range(300)], {})

    summary = monitor(objects, log, "models")

    assert (summary["status"], summary["drifted"]) == ("drift", ["sex"])


def test_only_the_champions_predictions_count(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, "another") for number in range(600)], {})

    summary = monitor(objects, log, "models")

    assert summary["status"] == "insufficient_data"
    assert summary["window"] == {"size": 0, "from": None, "to": None}


def test_without_a_champion_the_remedy_is_named(objects: MemoryObjectStore) -> None:
    with pytest.raises(NoChampionError, match="run the pipeline first"):
        monitor(objects, MemoryPredictionLog(), "models")


def test_a_reference_that_is_not_what_was_published_is_refused(objects: MemoryObjectStore, champion: str) -> None:
    objects.put("models", f"models/{champion}/{REFERENCE}", b"{}", "application/json")

    with pytest.raises(ModelCorruptedError):
        monitor(objects, MemoryPredictionLog(), "models")
