"""### A prediction on demand

Passes its event, one row or `{"rows": […]}`, to the inference function and returns the API's answer, for DAGs that
schedule predictions beside their data.

**Starts** by hand or through the API, with the event as the parameter `event`; an empty one stands for the use case's
example row. **Safe to run again**: each run is a prediction of its own.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowFailException

from mlops_dags.defaults import DEFAULTS, late_after
from mlops_dags.handler import HandlerOperator
from mlops_dags.stack import VARIABLE, function, optional
from mlops_dags.use_case import USE_CASE, dag_id, document


@task
def event(params: Mapping[str, Any]) -> dict[str, Any]:
    """The run's event; in place of an empty one, the example row that the stack names."""
    asked: dict[str, Any] = params["event"] or optional("example")
    if not asked:
        raise AirflowFailException(f"The parameter event is empty, and the Variable {VARIABLE} has no example row")
    return asked


with DAG(
    dag_id("predict"),
    schedule=None,
    params={"event": Param({}, type="object", description="One row, or several as rows; empty: the example")},
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=5)),
    is_paused_upon_creation=False,
    tags=[USE_CASE, "serving"],
    doc_md=document(__doc__),
):
    HandlerOperator(
        task_id="predict",
        function_name=function("InferenceFunction"),
        payload=event(),
        doc_md="The champion's answer, with the contribution of each feature.",
    )
