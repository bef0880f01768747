"""### From a CSV to a champion, as one Step Functions execution

Starts the stack's state machine, waits for its end without holding a worker (deferred to the triggerer), and fails with
the failed state's own error and cause.

**Starts** by hand; the parameter `key` names a file of the data bucket, without it the newest is taken. **Safe to run
again**: the execution is named after the task's try, so that one try is one execution, and the pipeline itself changes
nothing for a file that it has processed before.
"""

from datetime import timedelta

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.sdk import DAG, Param

from mlops_dags.dataset_file import chosen
from mlops_dags.defaults import DEFAULTS, late_after
from mlops_dags.stack import PIPELINE_ARN
from mlops_dags.use_case import CHAMPION, USE_CASE, dag_id, document

with DAG(
    dag_id("state_machine"),
    schedule=None,
    params={"key": Param("", type="string", description="A CSV in the data bucket; empty: the newest")},
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=10)),
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=[USE_CASE, "training"],
    doc_md=document(__doc__),
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
