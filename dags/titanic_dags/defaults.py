"""How the DAGs of this folder behave where nothing else is said: owner, retries, deadlines, notices."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback, Variable

from titanic_dags.stack import VARIABLE


def publish(subject: str, message: str) -> None:
    """Tell the stack's SNS topic; without one, the task log and Airflow's pages are the only notice."""
    from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

    topic = Variable.get(VARIABLE, deserialize_json=True).get("topic_arn")
    if topic:
        SnsNotifier(target_arn=topic, subject=subject[:100], message=message).notify({})


def announce_failure(context: Mapping[str, Any]) -> None:
    """A task has failed for good."""
    task = context["ti"]
    publish(
        f"{task.dag_id}: {task.task_id} failed",
        f"{context.get('exception')}\n\nRun {context['run_id']}, try {task.try_number}. The log: {task.log_url}",
    )


def announce_lateness(context: Mapping[str, Any]) -> None:
    """A run is not done by its deadline."""
    run = context["dag_run"]
    publish(f"{run['dag_id']} is late", f"Run {run['dag_run_id']} is not done by its deadline.")


DEFAULTS: Mapping[str, Any] = {
    "owner": "titanic",
    "retries": 3,
    "retry_delay": timedelta(seconds=2),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=1),
    "execution_timeout": timedelta(minutes=16),  # a function's own 15, and a little
    "on_failure_callback": announce_failure,
}


def late_after(slack: timedelta) -> DeadlineAlert:
    """A run that takes this much longer than those before it is announced, and goes on.

    Measured from the average: Airflow 3.3.2 cannot clear a failed run that has a deadline from DAGRUN_QUEUED_AT.
    """
    return DeadlineAlert(
        reference=DeadlineReference.AVERAGE_RUNTIME(max_runs=10, min_runs=1),
        interval=slack,
        callback=SyncCallback(announce_lateness),
        name=f"{slack} later than usual",
    )
