"""A notebook sees what is in the stores."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest

from mlops import frames
from mlops.errors import DatasetNotFoundError
from mlops.features.stores import FeatureRow
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.schema import upgrade
from mlops.use_case import UseCase

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(postgres_url: str, case: UseCase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The real database with one dataset of two rows, two predictions and two decisions, and the way to it."""
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    monkeypatch.setenv("USE_CASE", case.name)
    database = Database(postgres_url)
    upgrade(database, case)
    tables = "dataset_versions, materialized_features, feature_rows, prediction_history, decisions"
    empty = dict.fromkeys(feature.name for feature in case.features)
    with database.transaction() as cursor:
        cursor.execute(f"TRUNCATE {tables}")
        for number, version in enumerate(("older", "newer")):
            cursor.execute(
                "INSERT INTO dataset_versions VALUES (%s, 'rules', 's3://data/raw/a.csv', 2, 1, %s, 'digest', '{}')",
                (version, NOON + timedelta(days=number)),
            )
            cursor.execute(
                "INSERT INTO prediction_history (prediction_id, at, model_version, features, probability, label) "
                "VALUES (%s, %s, 'model', %s, 0.75, 1)",
                (str(uuid4()), NOON + timedelta(days=number), json.dumps({**empty, "age": 30 + number})),
            )
            cursor.execute(
                "INSERT INTO decisions (at, model_version, decision, reason, evidence) VALUES (%s, %s, 'kept', '', %s)",
                (NOON + timedelta(days=number), version, '{"p": 0.5}'),
            )
    rows = [FeatureRow(str(i), i % 2, {**empty, "age": None if i == 2 else 22.0, "sex": "male"}) for i in (10, 2)]
    PostgresOfflineStore(database, case).write("older", case.schema_hash, rows)
    yield database
    with database.transaction() as cursor:
        cursor.execute(f"TRUNCATE {tables}")


@pytest.mark.usefixtures("database")
def test_datasets_are_listed_newest_first() -> None:
    found = frames.datasets()

    assert list(found["version"]) == ["newer", "older"]
    assert found["rows"].sum() == 4
    assert found["loaded_at"].iloc[1] == NOON


@pytest.mark.usefixtures("database")
def test_features_are_what_training_reads(case: UseCase) -> None:
    found = frames.features("older")

    assert list(found.index) == ["2", "10"]
    assert list(found.columns) == [*(feature.name for feature in case.features), "label"]
    assert found["age"].dtype == np.float64
    assert np.isnan(found["age"]["2"])
    assert list(found["label"]) == [0, 0]
    assert frames.features().equals(found)  # the newest of which there are any
    with pytest.raises(DatasetNotFoundError, match="'newer'"):
        frames.features("newer")


@pytest.mark.usefixtures("database")
def test_predictions_have_their_features_as_columns() -> None:
    found = frames.predictions()

    assert list(found["age"]) == [31, 30]
    assert list(found["probability"]) == [0.75, 0.75]
    assert len(frames.predictions(NOON + timedelta(hours=1))) == len(frames.predictions("2026-03-02")) == 1
    assert frames.predictions(NOON + timedelta(days=9)).empty


@pytest.mark.usefixtures("database")
def test_decisions_have_their_evidence() -> None:
    assert list(frames.decisions()["model_version"]) == ["newer", "older"]
    assert frames.decisions()["evidence"][0] == {"p": 0.5}


@pytest.mark.usefixtures("database")
def test_without_a_setting_it_is_the_cloud_that_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"database_url": os.environ["DATABASE_URL"], "use_case": os.environ["USE_CASE"]}
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("USE_CASE")
    monkeypatch.setattr(frames.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=json.dumps(outputs)))
    frames._outputs.cache_clear()

    assert len(frames.datasets()) == 2
    assert len(frames.features("older")) == 2
    frames._outputs.cache_clear()
