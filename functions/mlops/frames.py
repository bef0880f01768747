"""A notebook's view of whichever cloud is up: datasets, features, predictions and decisions as pandas DataFrames.

Database and use case are those of `DATABASE_URL` and `USE_CASE`; without the former, of this checkout's running cloud.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2

from mlops import settings
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.use_case import UseCase, load

_CHECKOUT = Path(__file__).parents[2]


def datasets() -> pd.DataFrame:
    """Every dataset version, the newest first: where it came from, how many rows were loaded and rejected."""
    columns = "version, source, rows, rejected, loaded_at, digest, schema"
    return _query(f"SELECT {columns} FROM dataset_versions ORDER BY loaded_at DESC, version")  # noqa: S608


def features(version: str | None = None) -> pd.DataFrame:
    """What a model is trained on, by row id: the features of a dataset version, the newest unless told, and `label`.

    DatasetNotFoundError if this code's features of it are not in the offline store.
    """
    case = _use_case()
    if version is None:
        known = _query(
            "SELECT version FROM dataset_versions JOIN materialized_features ON dataset_version = version "
            "WHERE schema_hash = %s ORDER BY loaded_at DESC LIMIT 1",
            case.schema_hash,
        )
        version = known["version"].iloc[0] if len(known) else "of this schema"
    found = PostgresOfflineStore(Database(_database_url()), case).read(version, case.schema_hash)
    return found.features.join(pd.Series(found.labels, found.features.index, name="label"), rsuffix="_class")


def predictions(since: datetime | str | None = None) -> pd.DataFrame:
    """What was predicted, the newest first, with each feature as a column; `outcome` is what became of it, if known."""
    rows = _query(
        "SELECT * FROM prediction_history WHERE at >= coalesce(%s::timestamptz, '-infinity') ORDER BY at DESC", since
    )
    apart = pd.DataFrame(rows.pop("features").tolist(), index=rows.index)
    return rows.join(apart, rsuffix="_feature").set_index("prediction_id")


def decisions() -> pd.DataFrame:
    """What was decided about models, the newest first, why, and on what evidence."""
    columns = "at, model_version, decision, reason, champion, previous, evidence"
    return _query(f"SELECT {columns} FROM decisions ORDER BY at DESC, decision_id DESC")  # noqa: S608


def _query(query: str, *parameters: Any) -> pd.DataFrame:
    with closing(psycopg2.connect(_database_url())) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)
        names = [column.name for column in cursor.description or ()]
        return pd.DataFrame(cursor.fetchall(), columns=names)


def _database_url() -> str:
    return os.environ.get("DATABASE_URL") or str(_outputs()["database_url"])


def _use_case() -> UseCase:
    """The use case of the cloud that is up; from functions/ or examples/, wherever the notebook is."""
    sys.path.extend(str(_CHECKOUT / folder) for folder in ("functions", "examples"))
    return load(settings.use_case() if os.environ.get("DATABASE_URL") else _outputs()["use_case"])


@cache
def _outputs() -> dict[str, Any]:
    """What `make -s outputs` prints."""
    asked = subprocess.run(["make", "-s", "outputs"], cwd=_CHECKOUT, check=True, capture_output=True, text=True)
    outputs: dict[str, Any] = json.loads(asked.stdout)
    return outputs
