"""### A CSV in the inbox starts the pipeline

Waits for a CSV below `inbox/` of the data bucket (deferred: no worker is held), moves it to `taken/` and publishes the
asset `titanic_passenger_lists` with one partition for each file; [titanic_pipeline](/dags/titanic_pipeline) runs once
for each. Where the store sends no events (MinIO in Compose) this is how the pipeline starts; a file below `raw/` starts
the state machine by itself where it does.

**Starts** again as soon as it ends. **Safe to run again**: a file that was moved is not there any more, and the same
file once more gets the same key.
"""

from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG

from titanic_dags.defaults import DEFAULTS
from titanic_dags.passenger_list import INBOX, take
from titanic_dags.stack import DATA_BUCKET

with DAG(
    "titanic_inbox",
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),  # without one, the second run would get the first one's date
    default_args=dict(DEFAULTS),
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["titanic", "ingestion"],
    doc_md=__doc__,
):
    wait = S3KeySensor(
        task_id="wait",
        bucket_name=DATA_BUCKET,
        bucket_key=f"{INBOX}*.csv",
        wildcard_match=True,
        deferrable=True,
        poke_interval=5,
        timeout=timedelta(days=1).total_seconds(),
        execution_timeout=None,
        soft_fail=True,  # a day without a file is no failure
        doc_md="Until there is a CSV in the inbox, at most a day.",
    )
    wait >> take(DATA_BUCKET)
