"""Defaults of the DAGs in this folder: owner, retries, deadlines, notifications."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback

from mlops_dags.stack import optional
from mlops_dags.use_case import USE_CASE


def publish(subject: str, message: str) -> None:
    """Send a message to the stack's SNS topic; without one, the task log and Airflow's pages are the only notice."""
    from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

    topic = optional("topic_arn")
    if topic:
        SnsNotifier(target_arn=topic, subject=subject[:100], message=message).notify({})


def announce_failure(context: Mapping[str, Any]) -> None:
    """Publish that a task has failed and will not be retried."""
    task = context["ti"]
    publish(
        f"{task.dag_id}: {task.task_id} failed",
        f"{context.get('exception')}\n\nRun {context['run_id']}, try {task.try_number}. The log: {task.log_url}",
    )


def announce_lateness(context: Mapping[str, Any]) -> None:
    """Publish that a run has missed its deadline."""
    run = context["dag_run"]
    publish(f"{run['dag_id']} is late", f"Run {run['dag_run_id']} is not done by its deadline.")


DEFAULTS: Mapping[str, Any] = {
    "owner": USE_CASE,
    "retries": 3,
    "retry_delay": timedelta(seconds=2),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=1),
    "execution_timeout": timedelta(minutes=16),  # a function's own 15, and a little
    "on_failure_callback": announce_failure,
}


def late_after(slack: timedelta) -> DeadlineAlert:
    """A deadline: the average run time and this slack. A run that misses it is announced, and goes on.

    Measured from the average: Airflow 3.3.2 cannot clear a failed run that has a deadline from DAGRUN_QUEUED_AT.
    """
    return DeadlineAlert(
        reference=DeadlineReference.AVERAGE_RUNTIME(max_runs=10, min_runs=1),
        interval=slack,
        callback=SyncCallback(announce_lateness),
        name=f"{slack} later than usual",
    )
