"""From the sample events to the stores: ingestion, features and monitoring in the order data flows."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from mlops import wiring
from mlops.errors import DatasetNotFoundError, DatasetRefusedError, InvalidInputError, NoChampionError
from mlops.monitoring import drift
from mlops.registry.versions import CARD, REFERENCE, Registry
from mlops.serving import prediction_id
from titanic.features import SCHEMA_HASH

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]


@pytest.fixture
def uploaded(objects: MemoryObjectStore, passenger_list: bytes) -> None:
    objects.put("titanic-data", "raw/titanic.csv", passenger_list, "text/csv")


@pytest.mark.parametrize("name", ["file", "object_created"])
def test_ingestion_answers_with_the_dataset_version(invoke: Invoke, sample: Sample, uploaded: None, name: str) -> None:
    expected = {
        "dataset_version": sample("features", "dataset")["dataset_version"],
        "source": "s3://titanic-data/raw/titanic.csv",
        "rows": 891,
        "rejected": 0,
        "quarantine_key": None,
        "quality": {
            "report_key": "quality/7d118fef8b6ccf7f.json",
            "not_recorded": {"Age": 0.1987, "Cabin": 0.771, "Embarked": 0.0022},
            "notable": [],
        },
    }

    assert invoke("ingestion", sample("ingestion", name)) == expected
    assert invoke("ingestion", sample("ingestion", name)) == expected


def test_features_are_in_both_stores(invoke: Invoke, sample: Sample, uploaded: None) -> None:
    invoke("ingestion", sample("ingestion", "file"))

    for _ in range(2):
        answer = invoke("features", sample("features", "dataset"))

    version = sample("features", "dataset")["dataset_version"]
    assert answer == {"dataset_version": version, "schema_hash": SCHEMA_HASH, "rows": 891, "online_version": version}
    _, offline, online = wiring.features().args  # type: ignore[attr-defined]
    for row in offline.read(version, SCHEMA_HASH):
        assert online.get(SCHEMA_HASH, row.passenger_id) == row.features


@pytest.mark.parametrize("name", ["schedule", "window"])
def test_monitoring_reports_on_what_serving_logged(
    invoke: Invoke, sample: Sample, uploaded: None, objects: MemoryObjectStore, name: str
) -> None:
    version = invoke("ingestion", sample("ingestion", "file"))["dataset_version"]
    invoke("features", sample("features", "dataset"))
    _, offline, _ = wiring.features().args  # type: ignore[attr-defined]
    rows = [row.features for row in offline.read(version, SCHEMA_HASH)]
    reference = drift.reference(rows, [number / 891 for number in range(891)])
    registry = Registry(objects, "titanic-models")
    card = {"dataset_version": version, "metrics": {"accuracy": 0.8, "accuracy_interval": [0.7, 0.9]}}
    model_version = registry.publish({REFERENCE: json.dumps(reference).encode(), CARD: json.dumps(card).encode()})
    registry.enthrone(model_version, "the first", instead_of=None)
    _, log, *_ = wiring.monitoring().args  # type: ignore[attr-defined]
    log.record(
        [
            {
                "prediction_id": prediction_id.new(),
                "inputs": {},
                "survived": 0,
                "at": "2026-01-01T00:00:00+00:00",
                "model_version": model_version,
                "features": row,
                "probability": number / 891,
            }
            for number, row in enumerate(rows)
            if row["sex"] == "male"
        ],
        {},
    )

    summary = invoke("monitoring", sample("monitoring", name))

    assert (summary["model_version"], summary["status"]) == (model_version, "drift")
    assert {"sex", "title"} <= set(summary["drifted"])
    assert summary["window"]["size"] == (300 if name == "window" else 500)
    assert (summary["sustained"], summary["labels"]) == (1, {})
    assert summary["retraining"]["decision"] == "held"
    assert "no reason" in summary["retraining"]["reason"]
    assert json.loads(objects.get("titanic-models", "drift/latest.json")[0])["status"] == "drift"


@pytest.mark.parametrize(
    ("function", "event", "error"),
    [
        ("ingestion", {}, InvalidInputError),
        ("ingestion", {"bucket": "titanic-data"}, InvalidInputError),
        ("ingestion", {"detail": {"bucket": "titanic-data"}}, InvalidInputError),
        ("ingestion", {"bucket": "titanic-data", "key": "raw/none.csv"}, InvalidInputError),
        ("ingestion", {"bucket": "titanic-data", "key": "raw/empty.csv"}, DatasetRefusedError),
        ("features", {}, InvalidInputError),
        ("features", {"dataset_version": 7}, InvalidInputError),
        ("monitoring", {"window": "all"}, InvalidInputError),
        ("monitoring", {"window": 0}, InvalidInputError),
        ("monitoring", {}, NoChampionError),
    ],
)
def test_what_cannot_be_done_is_an_error_by_its_own_name(
    invoke: Invoke, objects: MemoryObjectStore, function: str, event: dict[str, Any], error: type[Exception]
) -> None:
    objects.put("titanic-data", "raw/empty.csv", b"", "text/csv")

    with pytest.raises(error) as raised:
        invoke(function, event)
    assert raised.type is error


def test_features_of_an_unknown_version_are_an_error(invoke: Invoke, uploaded: None, sample: Sample) -> None:
    invoke("ingestion", sample("ingestion", "file"))

    with pytest.raises(DatasetNotFoundError):
        invoke("features", {"dataset_version": "0123456789abcdef"})


def test_the_share_of_bad_rows_that_is_borne_is_a_setting(
    invoke: Invoke, objects: MemoryObjectStore, passenger_list: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put("titanic-data", "raw/bad.csv", passenger_list.replace(b"\r\n5,0,3", b"\r\n5,0,4"), "text/csv")
    monkeypatch.setenv("MAX_REJECTED_SHARE", "0.001")

    with pytest.raises(DatasetRefusedError, match=r"1 of 891 rows are bad, more than 0\.1%"):
        invoke("ingestion", {"bucket": "titanic-data", "key": "raw/bad.csv"})
