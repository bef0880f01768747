"""### From a CSV to a champion, one task per handler

The steps of the state machine as tasks: ingest → features → plan → evaluate (one mapped task per share of the search) →
fit_share (one per share of the fit) → fit → promote.

**Starts** once for every file that [{use_case}_inbox](/dags/{use_case}_inbox) takes, or by hand; the parameter `key`
names a file of the data bucket, without it the newest is taken. **Safe to run again**, whole or from any task: a
dataset version is its file's content, a model version its artifacts' digest, and a model that is champion stays
champion. **On failure** the task's log ends with the handler's own error. Permanent errors are not retried.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, task

from mlops_dags.dataset_file import chosen
from mlops_dags.defaults import DEFAULTS, late_after
from mlops_dags.handler import HandlerOperator
from mlops_dags.stack import function
from mlops_dags.use_case import CHAMPION, DATASETS, USE_CASE, dag_id, document


@task
def shares(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One event for each share of the search."""
    data = {name: plan[name] for name in ("dataset_version", "schema_hash", "seed")}
    return [{"step": "evaluate", **data, **share} for share in plan["shares"]]


@task
def fit_shares(plan: Mapping[str, Any], searched: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One event for each share of the fit."""
    return [{**searched, "step": "fit_share", "share": share} for share in plan["fit_shares"]]


with DAG(
    dag_id("pipeline"),
    schedule=PartitionedAssetTimetable(assets=DATASETS),
    params={"key": Param("", type="string", description="A CSV in the data bucket; empty: the newest")},
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=10)),
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=[USE_CASE, "training"],
    doc_md=document(__doc__),
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
        doc_md="Draws the candidates of the hyperparameter search and divides the work into shares.",
    )
    evaluate = HandlerOperator.partial(
        task_id="evaluate",
        function_name=function("TrainingFunction"),
        doc_md="Cross-validates one share of the candidates.",
    ).expand(payload=shares(plan.output))
    searched = {
        **training,
        "seed": plan.output["seed"],
        "evaluations": evaluate.output["evaluations"],
        "failures": evaluate.output["failures"],
    }
    fit_share = HandlerOperator.partial(
        task_id="fit_share",
        function_name=function("TrainingFunction"),
        doc_md="Does one share of the fit: rounds of validation or, of very many rows, trees of the forest.",
    ).expand(payload=fit_shares(plan.output, searched))
    fit = HandlerOperator(
        task_id="fit",
        function_name=function("TrainingFunction"),
        payload={"step": "fit", **searched},
        trigger_rule="none_failed",  # of few rows there are no shares, and a mapping of nothing is skipped
        doc_md="Fits the winner, joins the shares, measures the model on rows it has not seen and registers it.",
    )
    fit_share >> fit
    promote = HandlerOperator(
        task_id="promote",
        function_name=function("TrainingFunction"),
        payload={"step": "promote", "model_version": fit.output["model_version"]},
        outlets=[CHAMPION],
        doc_md="The gate: it becomes champion if it is better on rows that neither saw, or as good on more data.",
    )
