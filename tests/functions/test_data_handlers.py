"""From the sample events to the stores: ingestion, features and monitoring in the order data flows."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.data.rejection import DatasetRefusedError
from mlops.errors import DatasetNotFoundError, InvalidInputError, NoChampionError, StoreUnavailableError
from mlops.features.stores import FeatureRow
from mlops.model.training_set import TrainingSet, records
from mlops.registry.versions import CARD, REFERENCE, Registry
from mlops.serving import prediction_id
from mlops.statistics.reference import reference
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.prediction_log import RespPredictionLog
from titanic import USE_CASE

SCHEMA = USE_CASE.schema_hash

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


def test_features_are_in_both_stores(
    invoke: Invoke, sample: Sample, uploaded: None, postgres_url: str, redis_url: str, feature_rows: list[FeatureRow]
) -> None:
    invoke("ingestion", sample("ingestion", "file"))

    for _ in range(2):
        answer = invoke("features", sample("features", "dataset"))

    version = sample("features", "dataset")["dataset_version"]
    assert answer == {"dataset_version": version, "schema_hash": SCHEMA, "rows": 891, "online_version": version}
    stored = PostgresOfflineStore(Database(postgres_url), USE_CASE).read(version, SCHEMA)
    entities = RespEntityReader(RespPredictionLog(redis_url), USE_CASE)
    assert (stored.ids, stored.labels.tolist()) == ([r.row_id for r in feature_rows], [r.label for r in feature_rows])
    assert records(stored.features)[0] == {**feature_rows[0].features, "pclass": "3"}
    for row in feature_rows:
        entity = entities.get(row.row_id)
        assert entity is not None
        assert (entity.dataset_version, entity.features) == (version, row.features)


@pytest.mark.parametrize("name", ["schedule", "window"])
def test_monitoring_reports_on_what_serving_logged(
    invoke: Invoke,
    sample: Sample,
    uploaded: None,
    objects: MemoryObjectStore,
    redis_url: str,
    training_rows: TrainingSet,
    feature_rows: list[FeatureRow],
    name: str,
) -> None:
    version = invoke("ingestion", sample("ingestion", "file"))["dataset_version"]
    watched = reference(USE_CASE, training_rows.features, [number / 891 for number in range(891)])
    registry = Registry(objects, "titanic-models", USE_CASE)
    card = {"dataset_version": version, "metrics": {"accuracy": 0.8, "accuracy_interval": [0.7, 0.9]}}
    model_version = registry.publish({REFERENCE: json.dumps(watched).encode(), CARD: json.dumps(card).encode()})
    registry.set_champion(model_version, "the first", instead_of=None)
    RespPredictionLog(redis_url).record(
        [
            {
                "prediction_id": prediction_id.new(),
                "inputs": {},
                "survived": 0,
                "at": "2026-01-01T00:00:00+00:00",
                "model_version": model_version,
                "features": row.features,
                "probability": number / 891,
            }
            for number, row in enumerate(feature_rows)
            if row.features["sex"] == "male"
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


def tables(postgres_url: str) -> set[str]:
    with Database(postgres_url).transaction() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in cursor}


def test_a_deployment_makes_the_tables_before_anything_else(invoke: Invoke, postgres_url: str) -> None:
    assert tables(postgres_url) == set()
    for _ in range(2):
        assert invoke("ingestion", {"migrate": True}) == {"migrated": True}

    assert {"dataset_versions", "feature_rows", "prediction_history", "labelled_rows"} <= tables(postgres_url)


def test_only_true_migrates(invoke: Invoke, postgres_url: str) -> None:
    for asked in (False, "true", 1, None):
        with pytest.raises(InvalidInputError, match="bucket"):
            invoke("ingestion", {"migrate": asked})
    assert tables(postgres_url) == set()


def test_a_step_over_a_database_without_tables_names_the_remedy(invoke: Invoke, sample: Sample) -> None:
    with pytest.raises(StoreUnavailableError, match=r'IngestionFunction with \{"migrate": true\}'):
        invoke("features", sample("features", "dataset"))


@pytest.mark.parametrize(
    ("function", "event", "words"),
    [
        ("ingestion", {}, ["bucket: Field required", "key: Field required", 'send {"bucket"']),
        ("ingestion", {"bucket": "b"}, ["key: Field required"]),
        ("ingestion", {"bucket": 7, "key": "k"}, ["bucket: Input should be a valid string"]),
        ("ingestion", {"detail": {"bucket": {}, "object": {"key": "k"}}}, ["bucket.name: Field required"]),
        ("ingestion", {"detail": {"bucket": {"name": "b"}, "object": {}}}, ["object.key: Field required"]),
        ("features", {"dataset_version": None}, ["dataset_version: Input should be", "as ingestion answers it"]),
        ("training", {"step": "plan", "dataset_version": "v"}, ["schema_hash: Field required", "plan.json"]),
        (
            "training",
            {"step": "evaluate", "dataset_version": "v", "schema_hash": "s", "candidates": [{"index": 0}]},
            ["candidates.0.params: Field required"],
        ),
        ("training", {"step": "guess"}, ["step is 'guess'", "plan, evaluate, fit_share, fit, promote"]),
        ("monitoring", {"window": True}, ["window: Input should be a valid integer"]),
        ("monitoring", {"task": "replay", "hours": "all"}, ["hours: Input should be a valid number"]),
        ("monitoring", {"task": "guess"}, ['"task" is one of drift, drain, watch, minute, replay']),
    ],
)
def test_a_bad_event_is_told_by_its_field(
    invoke: Invoke, function: str, event: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        invoke(function, event)
    for each in words:
        assert each in str(raised.value)


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
