"""### A prediction on demand

Hands its event, one passenger or `{"passengers": […]}`, to the inference function: the same answer as through the API,
for whoever schedules predictions beside their data.

**Starts** by hand or through the API, with the event as the parameter `event`. **Safe to run again**: each run is a
prediction of its own.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from titanic_dags.defaults import DEFAULTS, late_after
from titanic_dags.handler import HandlerOperator
from titanic_dags.stack import function

PASSENGER = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}


@task
def event(params: Mapping[str, Any]) -> dict[str, Any]:
    """What the run was asked."""
    asked: dict[str, Any] = params["event"]
    return asked


with DAG(
    "titanic_predict",
    schedule=None,
    params={"event": Param(PASSENGER, type="object", description="A passenger, or several")},
    default_args=dict(DEFAULTS),
    deadline=late_after(timedelta(minutes=5)),
    is_paused_upon_creation=False,
    tags=["titanic", "serving"],
    doc_md=__doc__,
):
    HandlerOperator(
        task_id="predict",
        function_name=function("InferenceFunction"),
        payload=event(),
        doc_md="The champion's answer, with what weighed how much.",
    )
