"""Monitor, on stores in memory."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from fakes.prediction_history import MemoryPredictionHistory
from fakes.prediction_log import MemoryPredictionLog
from mlops.errors import ModelCorruptedError, NoChampionError
from mlops.model.training_set import frame
from mlops.monitoring.drift import in_short
from mlops.monitoring.monitor import LATEST, PRELIMINARY, monitor, preliminary
from mlops.registry.versions import CARD, REFERENCE, Registry
from mlops.statistics.reference import reference
from passengers import passenger
from titanic import USE_CASE

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def entry(number: int, version: str = "", sex: str = "") -> dict[str, Any]:
    features = USE_CASE.derive(passenger(number % 3 + 1, "A, Mr. B", sex or ("male", "female")[number % 2]))
    at = datetime(2026, 1, 1, 0, number // 60, number % 60, tzinfo=UTC).isoformat()
    return {"at": at, "model_version": version, "features": features, "probability": number % 10 / 10}


def look(
    objects: MemoryObjectStore, log: MemoryPredictionLog, history: MemoryPredictionHistory | None = None, **options: Any
) -> dict[str, Any]:
    """Monitor what is in the log now."""
    registry = Registry(objects, "models", USE_CASE).reader
    return monitor(registry, objects, log, log, history or MemoryPredictionHistory(), **options)


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def champion(objects: MemoryObjectStore) -> str:
    """The version of a champion that was trained on passengers like those of `entry`."""
    trained = [entry(number) for number in range(600)]
    features = frame(USE_CASE.features, [list(each["features"].values()) for each in trained])
    expected = reference(USE_CASE, features, [each["probability"] for each in trained])
    registry = Registry(objects, "models", USE_CASE)
    card = {"metrics": {"accuracy": 0.8, "accuracy_interval": [0.7, 0.9]}}
    version = registry.publish({REFERENCE: json.dumps(expected).encode(), CARD: json.dumps(card).encode()})
    registry.set_champion(version, "the first", instead_of=None)
    return version


def test_the_report_is_kept_and_returned(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion) for number in range(600)], {})

    summary = in_short(look(objects, log, window=300, now=lambda: NOW))

    assert summary == {
        "model_version": champion,
        "status": "ok",
        "window": {"size": 300, "from": "2026-01-01T00:05:00+00:00", "to": "2026-01-01T00:09:59+00:00"},
        "sustained": 0,
        "drifted": [],
        "report_key": "drift/20260102T030405.678000Z.json",
    }
    body, _ = objects.get("models", summary["report_key"])
    assert objects.get("models", "drift/latest.json")[0] == body
    report = json.loads(body)
    assert {name: report[name] for name in ("model_version", "status", "window")} == {
        name: summary[name] for name in ("model_version", "status", "window")
    }
    assert report["thresholds"] == {"watch": 0.1, "drift": 0.25, "alpha": 0.01}
    for each in (*report["features"], report["prediction"]):
        assert set(each["test"]) == {"name", "statistic", "p_value", "adjusted_p"}
        assert len(each["bins"]) == len(each["reference"]) == len(each["current"])
        assert sum(each["current"]) == pytest.approx(1, abs=0.001)


def test_a_window_too_small_for_a_verdict_changes_nothing(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion, sex="male") for number in range(300)], {})
    kept = look(objects, log, window=300)
    gauges = log.gauges()

    assert look(objects, log, window=50)["status"] == "insufficient_data"
    latest = json.loads(objects.get("models", "drift/latest.json")[0])
    assert (latest["made_at"], latest["sustained"]) == (kept["made_at"], 1)
    assert log.gauges() == gauges


def test_drift_names_what_drifted(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion, sex="male") for number in range(300)], {})

    summary = in_short(look(objects, log))

    assert (summary["status"], summary["drifted"]) == ("drift", ["sex"])


def test_windows_in_a_row_count_once_each_and_only_with_predictions_of_their_own(
    objects: MemoryObjectStore, champion: str
) -> None:
    log, history = MemoryPredictionLog(), MemoryPredictionHistory()

    def next_window(begin: int, end: int, sex: str) -> int:
        log.record([entry(number, champion, sex=sex) for number in range(begin, end)], {})
        return int(look(objects, log, history, window=300)["sustained"])

    assert next_window(0, 300, "male") == 1
    assert next_window(300, 300, "male") == 1  # the same window again
    assert next_window(300, 450, "male") == 1  # too few new ones
    assert next_window(450, 600, "male") == 2  # enough since the last that counted
    assert next_window(600, 900, "male") == 3
    assert next_window(900, 1200, "") == 0
    assert next_window(1200, 1500, "male") == 1


def test_gauges_say_what_the_report_says(objects: MemoryObjectStore, champion: str) -> None:
    log, history = MemoryPredictionLog(), MemoryPredictionHistory()
    entries = [{**entry(number, champion, sex="male"), "prediction_id": str(number)} for number in range(300)]
    log.record(entries, {})
    history.keep(
        [{**each, "survived": 1} for each in entries],
        [{"prediction_id": each["prediction_id"], "survived": number % 2} for number, each in enumerate(entries)],
    )

    report = look(objects, log, history, window=300)

    assert report["performance"] == {
        **{"labelled": 300, "accuracy": 0.5, "interval": [0.4438, 0.5562], "reference_accuracy": 0.8},
        "status": "drift",
    }
    gauges = log.gauges()
    assert gauges["mlops_drift"] == gauges["mlops_drift_sustained_windows"] == 1
    assert gauges["mlops_drift_psi|sex"] == next(e["psi"] for e in report["features"] if e["name"] == "sex")
    assert gauges["mlops_drift_adjusted_p|sex"] < 0.01
    assert (gauges["mlops_model_accuracy|live"], gauges["mlops_model_accuracy|holdout"]) == (0.5, 0.8)
    assert gauges["mlops_model_published_timestamp_seconds"] > 0


def test_predictions_of_a_clock_that_is_ahead_keep_no_window_from_counting(
    objects: MemoryObjectStore, champion: str
) -> None:
    log = MemoryPredictionLog()
    ahead = {"at": "2026-01-03T00:00:00.000+00:00"}
    log.record([{**entry(number, champion, "male"), **ahead} for number in range(200)], {})
    assert look(objects, log, now=lambda: NOW)["sustained"] == 0

    for windows in (1, 2):
        log.record([entry(500 * windows + number, champion, "male") for number in range(400)], {})
        assert look(objects, log, now=lambda: NOW)["sustained"] == windows


def test_without_the_history_performance_is_unknown(objects: MemoryObjectStore, champion: str) -> None:
    log, history = MemoryPredictionLog(), MemoryPredictionHistory()
    history.away = True
    log.record([entry(number, champion) for number in range(300)], {})

    report = look(objects, log, history, window=300)

    assert (report["status"], report["performance"]) == ("ok", None)


def test_only_the_champions_predictions_count(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, "another") for number in range(600)], {})

    summary = in_short(look(objects, log))

    assert summary["status"] == "insufficient_data"
    assert summary["window"] == {"size": 0, "from": None, "to": None}


def test_without_a_champion_the_remedy_is_named(objects: MemoryObjectStore) -> None:
    with pytest.raises(NoChampionError, match="run the pipeline first"):
        look(objects, MemoryPredictionLog())


def test_a_reference_that_is_not_what_was_published_is_refused(objects: MemoryObjectStore, champion: str) -> None:
    objects.put("models", f"models/{champion}/{REFERENCE}", b"{}", "application/json")

    with pytest.raises(ModelCorruptedError):
        look(objects, MemoryPredictionLog())


def first_look(objects: MemoryObjectStore, log: MemoryPredictionLog) -> dict[str, Any] | None:
    reader = Registry(objects, "models", USE_CASE).reader
    return preliminary(reader, objects, log, MemoryPredictionHistory(), now=lambda: NOW)


def test_a_first_look_comes_with_a_hundred_predictions_and_grows(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion) for number in range(PRELIMINARY - 1)], {})
    assert first_look(objects, log) is None

    log.record([entry(PRELIMINARY, champion)], {})
    report = first_look(objects, log)
    assert report
    assert (report["preliminary"], report["window"]["size"], report["status"]) == (True, PRELIMINARY, "ok")
    assert (report["minimum_sample"], report["sustained"]) == (PRELIMINARY, 0)
    assert json.loads(objects.get("models", LATEST)[0]) == report
    assert first_look(objects, log) is None, "nothing is new"

    log.record([entry(number, champion, sex="female") for number in range(300)], {})
    grown = first_look(objects, log)
    assert grown
    assert (grown["window"]["size"], grown["status"]) == (400, "drift")
    assert log.gauges() == {}, "nothing is done with it"


def test_a_report_that_counts_is_not_replaced_by_a_first_look(objects: MemoryObjectStore, champion: str) -> None:
    log = MemoryPredictionLog()
    log.record([entry(number, champion) for number in range(150)], {})
    assert first_look(objects, log)
    report = look(objects, log, now=lambda: NOW)
    assert "preliminary" not in report
    assert report["sustained"] == 0
    log.record([entry(number, champion) for number in range(150)], {})
    assert first_look(objects, log) is None


def test_there_is_no_first_look_without_a_champion(objects: MemoryObjectStore) -> None:
    assert first_look(objects, MemoryPredictionLog()) is None
