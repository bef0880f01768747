"""### A passenger list becomes a champion, handler by handler

What the state machine does, with each handler as a task of its own: ingest → features → plan → evaluate (one task for
each share of the search) → fit → promote.

**Starts** once for every file that [titanic_inbox](/dags/titanic_inbox) takes, or by hand; the parameter `key` names a
file of the data bucket, without it the newest is taken. **Safe to run again**, whole or from any task: a dataset
version is its file's content, a model version its artifacts' digest, and a model that is champion already stays it.
**On failure** the task's log ends with the handler's own error. What cannot go by itself is not retried.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, task

from titanic_dags.defaults import DEFAULTS, late_after
from titanic_dags.handler import HandlerOperator
from titanic_dags.passenger_list import chosen
from titanic_dags.stack import CHAMPION, PASSENGER_LISTS, function


@task
def shares(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One event for each share of the search."""
    data = {name: plan[name] for name in ("dataset_version", "schema_hash")}
    return [{"step": "evaluate", **data, "candidates": share} for share in plan["shares"]]


with DAG(
    "titanic_pipeline",
    schedule=PartitionedAssetTimetable(assets=PASSENGER_LISTS),
    params={"key": Param("", type="string", description="A CSV in the data bucket; empty: the newest")},
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=10)),
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["titanic", "training"],
    doc_md=__doc__,
):
    ingest = HandlerOperator(
        task_id="ingest",
        function_name=function("IngestionFunction"),
        payload=chosen(),
        doc_md="The file becomes a dataset version in PostgreSQL; bad rows go to `quarantine/` with their reasons.",
    )
    features = HandlerOperator(
        task_id="features",
        function_name=function("FeaturesFunction"),
        payload={"dataset_version": ingest.output["dataset_version"]},
        doc_md="The dataset version becomes rows of the offline and the online feature store.",
    )
    training = {
        "dataset_version": features.output["dataset_version"],
        "schema_hash": features.output["schema_hash"],
    }
    plan = HandlerOperator(
        task_id="plan",
        function_name=function("TrainingFunction"),
        payload={"step": "plan", **training},
        doc_md="Draws the candidates of the hyperparameter search, in shares.",
    )
    evaluate = HandlerOperator.partial(
        task_id="evaluate",
        function_name=function("TrainingFunction"),
        doc_md="Cross-validates one share of the candidates.",
    ).expand(payload=shares(plan.output))
    fit = HandlerOperator(
        task_id="fit",
        function_name=function("TrainingFunction"),
        payload={
            "step": "fit",
            **training,
            "evaluations": evaluate.output["evaluations"],
            "failures": evaluate.output["failures"],
        },
        doc_md="Fits the best candidate, measures it on the held-out passengers and registers it.",
    )
    promote = HandlerOperator(
        task_id="promote",
        function_name=function("TrainingFunction"),
        payload={"step": "promote", "model_version": fit.output["model_version"]},
        outlets=[CHAMPION],
        doc_md="The gate: champion if it is not worse on the same held-out passengers; says why.",
    )
