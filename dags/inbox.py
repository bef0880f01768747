"""### A CSV in the inbox starts the pipeline

Waits for a file below `inbox/` of the data bucket (deferred: no worker is held), moves it to `taken/` and publishes the
asset `{use_case}_datasets` with one partition for each file; [{use_case}_pipeline](/dags/{use_case}_pipeline) runs once
for each. Where the object store sends no events (MinIO in Compose) this is how the pipeline starts; elsewhere a file
below `raw/` starts the state machine by itself.

**Starts** again as soon as it ends. **Safe to run again**: a file that was moved is no longer there, and the same file
uploaded again gets the same key.
"""

from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG

from mlops_dags.dataset_file import INBOX, take
from mlops_dags.defaults import DEFAULTS
from mlops_dags.stack import DATA_BUCKET
from mlops_dags.use_case import USE_CASE, dag_id, document

with DAG(
    dag_id("inbox"),
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),  # without one, the second run would get the first one's date
    default_args=dict(DEFAULTS),
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=[USE_CASE, "ingestion"],
    doc_md=document(__doc__),
):
    wait = S3KeySensor(
        task_id="wait",
        bucket_name=DATA_BUCKET,
        bucket_key=f"{INBOX}*.*",
        wildcard_match=True,
        deferrable=True,
        poke_interval=5,
        timeout=timedelta(days=1).total_seconds(),
        execution_timeout=None,
        soft_fail=True,  # a day without a file is no failure
        doc_md="Until there is a file in the inbox, at most a day.",
    )
    wait >> take(DATA_BUCKET)
