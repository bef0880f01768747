"""The use case of these DAGs, named by the variable USE_CASE when a file is parsed, and the names made from it."""

import os

from airflow.sdk import Asset

USE_CASE = os.environ.get("USE_CASE") or "titanic"

# A partition is one file: a DAG that consumes this asset runs once for each.
DATASETS = Asset(name=f"{USE_CASE}_datasets", uri=f"mlops://{USE_CASE}/datasets")
CHAMPION = Asset(name=f"{USE_CASE}_champion", uri=f"mlops://{USE_CASE}/champion")


def dag_id(role: str) -> str:
    """The id of the DAG with this role, `titanic_pipeline` for example."""
    return f"{USE_CASE}_{role}"


def document(text: str | None) -> str:
    """A DAG file's docstring with the use case's name in place of `{use_case}`, for Airflow's pages."""
    return (text or "").replace("{use_case}", USE_CASE)
