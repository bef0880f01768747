"""### Files of the data bucket are scored, as one Step Functions execution

Starts the state machine that divides the files into shards and scores them side by side, waits for its end without
holding a worker (deferred to the triggerer), and leaves the manifest's figures in the task's result. The results lie
below `batches/` of the data bucket; `GET /batches/…` and the site's Batch page show the same run.

**Starts** by hand; the parameter `keys` names files of the data bucket, or folders by a slash at their end. **Safe to
run again**: the same files and model are the same batch, of which only what failed before is scored.
"""

from datetime import timedelta

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.sdk import DAG, Param

from mlops_dags.defaults import DEFAULTS, late_after
from mlops_dags.stack import BATCH_SCORING_ARN
from mlops_dags.use_case import USE_CASE, dag_id, document

with DAG(
    dag_id("batch_scoring"),
    schedule=None,
    params={
        "keys": Param(["scoring/"], type="array", items={"type": "string"}, minItems=1, description="Files or folders"),
        "format": Param("csv", enum=["csv", "parquet"], description="Of the scored rows"),
    },
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(hours=1)),
    is_paused_upon_creation=False,
    render_template_as_native_obj=True,
    tags=[USE_CASE, "serving"],
    doc_md=document(__doc__),
):
    StepFunctionStartExecutionOperator(
        task_id="run",
        state_machine_arn=BATCH_SCORING_ARN,
        name="airflow-{{ ti.id }}",
        state_machine_input={"keys": "{{ params['keys'] }}", "format": "{{ params.format }}"},
        deferrable=True,
        waiter_delay=5,
        waiter_max_attempts=17_280,
        execution_timeout=timedelta(days=1),
        retries=1,  # each state has retries of its own
        doc_md="One batch, followed to its end.",
    )
