"""### Drift is measured, and answered with a retraining

Asks the monitoring function for a drift report and goes one of four ways: `choose` and `retrain` run the pipeline's
state machine on the newest passenger list, and the gate decides whether the new model serves; `stable`,
`insufficient_data` and `left_to_the_stack` end here.

**Who retrains**: one of two. The stack does by itself (template parameter `Retraining`, `ON`), and then this DAG only
looks on: drift is `left_to_the_stack`. Where Airflow shall do it, deploy with `Retraining=DRY_RUN` and unpause this.

**Starts** hourly, paused at first. **Safe to run again**: on a list that it was trained on, the champion stays.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, task

from titanic_dags.defaults import DEFAULTS, late_after
from titanic_dags.handler import HandlerOperator
from titanic_dags.passenger_list import choose
from titanic_dags.stack import CHAMPION, DATA_BUCKET, PIPELINE_ARN, function


@task.branch
def judge(report: Mapping[str, Any]) -> str:
    """Which way the report leads: its status, and whether the stack answers drift itself."""
    if report["status"] == "insufficient_data":
        return "insufficient_data"
    if report["status"] != "drift":
        return "stable"
    decided = report.get("retraining")
    return "left_to_the_stack" if decided and not decided.get("dry_run") else "choose"


with DAG(
    "titanic_drift",
    schedule=CronTriggerTimetable("23 * * * *", timezone="UTC"),
    catchup=False,
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=10)),
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=["titanic", "monitoring"],
    doc_md=__doc__,
):
    measure = HandlerOperator(
        task_id="measure",
        function_name=function("MonitoringFunction"),
        payload={"task": "drift"},
        doc_md="The drift report of the latest predictions, in short.",
    )
    passenger_list = choose(bucket=DATA_BUCKET, key="")
    retrain = StepFunctionStartExecutionOperator(
        task_id="retrain",
        state_machine_arn=PIPELINE_ARN,
        name="airflow-{{ ti.id }}",
        state_machine_input=passenger_list,
        deferrable=True,
        waiter_delay=5,
        waiter_max_attempts=720,
        execution_timeout=timedelta(hours=1),
        retries=1,
        outlets=[CHAMPION],
        doc_md="One execution of the pipeline, followed to its end.",
    )
    stable = EmptyOperator(task_id="stable", doc_md="Nothing has moved.")
    insufficient_data = EmptyOperator(task_id="insufficient_data", doc_md="Too few predictions for a verdict.")
    left_to_the_stack = EmptyOperator(task_id="left_to_the_stack", doc_md="The stack retrains by itself.")
    judge(measure.output) >> [passenger_list, stable, insufficient_data, left_to_the_stack]
