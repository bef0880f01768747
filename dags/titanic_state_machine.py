"""### A passenger list becomes a champion, as one Step Functions execution

Starts the stack's state machine, waits for its end without holding a worker (deferred to the triggerer), and fails with
the failed state's own error and cause.

**Starts** by hand; the parameter `key` names a file of the data bucket, without it the newest is taken. **Safe to run
again**: the execution is named after the task's try, so that one try is one execution, and the pipeline itself changes
nothing for a file it has seen.
"""

from datetime import timedelta

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.sdk import DAG, Param

from titanic_dags.defaults import DEFAULTS, late_after
from titanic_dags.passenger_list import chosen
from titanic_dags.stack import CHAMPION, PIPELINE_ARN

with DAG(
    "titanic_state_machine",
    schedule=None,
    params={"key": Param("", type="string", description="A CSV in the data bucket; empty: the newest")},
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=10)),
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["titanic", "training"],
    doc_md=__doc__,
):
    StepFunctionStartExecutionOperator(
        task_id="run",
        state_machine_arn=PIPELINE_ARN,
        name="airflow-{{ ti.id }}",
        state_machine_input=chosen(),
        deferrable=True,
        waiter_delay=5,
        waiter_max_attempts=720,
        execution_timeout=timedelta(hours=1),
        retries=1,  # each state has retries of its own
        outlets=[CHAMPION],
        doc_md="One execution of the pipeline, followed to its end.",
    )
