"""### Measure drift and retrain if needed

Asks the monitoring function for a drift report and takes one of four branches: `choose` and `retrain` run the
pipeline's state machine on the newest dataset file, and the gate decides whether the new model serves; `stable`,
`insufficient_data` and `left_to_the_stack` end here.

**Who retrains**: one of two. With the template parameter `Retraining` at `ON` the stack does, and this DAG only
reports: drift is `left_to_the_stack`. To let Airflow retrain, deploy with `Retraining=DRY_RUN` and unpause this DAG.

**Starts** hourly, paused at first. **Safe to run again**: on a file that it was trained on, the champion stays.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, task

from mlops_dags.dataset_file import choose
from mlops_dags.defaults import DEFAULTS, late_after
from mlops_dags.handler import HandlerOperator
from mlops_dags.stack import DATA_BUCKET, PIPELINE_ARN, function
from mlops_dags.use_case import CHAMPION, USE_CASE, dag_id, document


@task.branch
def judge(report: Mapping[str, Any]) -> str:
    """The branch to take, by the report's status and by whether the stack itself answers drift."""
    if report["status"] == "insufficient_data":
        return "insufficient_data"
    if report["status"] != "drift":
        return "stable"
    decision = report.get("retraining")
    return "left_to_the_stack" if decision and not decision.get("dry_run") else "choose"


with DAG(
    dag_id("drift"),
    schedule=CronTriggerTimetable("23 * * * *", timezone="UTC"),
    catchup=False,
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=10)),
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=[USE_CASE, "monitoring"],
    doc_md=document(__doc__),
):
    measure = HandlerOperator(
        task_id="measure",
        function_name=function("MonitoringFunction"),
        payload={"task": "drift"},
        doc_md="The drift report of the latest predictions, in short.",
    )
    newest_file = choose(bucket=DATA_BUCKET, key="")
    retrain = StepFunctionStartExecutionOperator(
        task_id="retrain",
        state_machine_arn=PIPELINE_ARN,
        name="airflow-{{ ti.id }}",
        state_machine_input=newest_file,
        deferrable=True,
        waiter_delay=5,
        waiter_max_attempts=720,
        execution_timeout=timedelta(hours=1),
        retries=1,
        outlets=[CHAMPION],
        doc_md="One execution of the pipeline, followed to its end.",
    )
    stable = EmptyOperator(task_id="stable", doc_md="No drift.")
    insufficient_data = EmptyOperator(task_id="insufficient_data", doc_md="Too few predictions for a verdict.")
    left_to_the_stack = EmptyOperator(task_id="left_to_the_stack", doc_md="The stack retrains by itself.")
    judge(measure.output) >> [newest_file, stable, insufficient_data, left_to_the_stack]
