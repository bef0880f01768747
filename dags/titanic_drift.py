"""### Drift is measured, and answered with a retraining

Asks the monitoring function for a drift report and goes one of three ways: `retrain` runs the pipeline's state machine
on the newest passenger list, `stable` and `insufficient_data` end here. The gate decides whether the new model serves.

**Starts** paused: the stack measures drift and retrains by itself. Unpause this where Airflow shall drive instead.
**Safe to run again**: on unchanged data the pipeline makes the champion that there is.
"""

from datetime import timedelta

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, task

from titanic_dags.defaults import DEFAULTS, done_within
from titanic_dags.handler import HandlerOperator
from titanic_dags.passenger_list import choose
from titanic_dags.stack import CHAMPION, DATA_BUCKET, PIPELINE_ARN, function

WAYS = {"drift": "choose", "insufficient_data": "insufficient_data"}


@task.branch
def judge(status: str) -> str:
    """Which way the report's status leads."""
    return WAYS.get(status, "stable")


with DAG(
    "titanic_drift",
    schedule=CronTriggerTimetable("23 * * * *", timezone="UTC"),
    catchup=False,
    default_args=dict(DEFAULTS),
    deadline=done_within(timedelta(minutes=45)),
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
    judge(measure.output["status"]) >> [passenger_list, stable, insufficient_data]
