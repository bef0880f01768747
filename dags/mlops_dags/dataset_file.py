"""Dataset files in the data bucket: which one a run works on, and moving them out of the inbox."""

from datetime import UTC, datetime

from airflow.sdk import task

from mlops_dags.stack import DATA_BUCKET
from mlops_dags.use_case import DATASETS

INBOX = "inbox/"
TAKEN = "taken/"
PREFIXES = ("raw/", TAKEN, "labelled/")
_NEVER, _EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@task
def choose(bucket: str, key: str) -> dict[str, str]:
    """The file of this run: the one that was asked for or that started it, else the newest in the bucket.

    A task of its own, so that tasks cleared and run again work on the same file.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    if not key:
        s3 = S3Hook()
        files = [file for prefix in PREFIXES for file in s3.get_file_metadata(prefix, bucket)]
        datasets = [file for file in files if file["Key"].lower().endswith((".csv", ".csv.gz"))]
        if not datasets:
            raise FileNotFoundError(f"No CSV below s3://{bucket}/raw/: upload one, or name its key")
        key = max(datasets, key=lambda file: file["LastModified"])["Key"]
    return {"bucket": bucket, "key": key}


def chosen() -> object:
    """`choose` for a DAG with the parameter `key`, which may also be started by the asset."""
    return choose(bucket=DATA_BUCKET, key="{{ params.key or partition_key or '' }}")


@task(outlets=[DATASETS])
def take(bucket: str, *, outlet_events: object) -> list[str]:
    """Move every file of the inbox to taken/ and publish a partition for each; returns the new keys.

    The new key is made of the file's name and its content's ETag: the same file twice gets the same key, and a task
    that was killed half-way moves the rest when it runs again. Versions of one key are files of their own, and what is
    uploaded meanwhile stays: a version is moved, not a key.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    s3 = S3Hook().get_conn()
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=INBOX)
    taken = []
    for version in _waiting(list(pages)):
        name, _, suffix = version["Key"].removeprefix(INBOX).replace("/", "-").partition(".")
        key = f"{TAKEN}{name}-{version['ETag'][1:13]}.{suffix.lower()}"
        which = {"Key": version["Key"], "VersionId": version["VersionId"]}
        s3.copy({"Bucket": bucket, **which}, bucket, key)
        s3.delete_object(Bucket=bucket, **which)
        outlet_events[DATASETS].add_partitions(key)
        taken.append(key)
    return taken


def _waiting(pages: list[dict]) -> list[dict]:
    """The files of the inbox, oldest first; a file that was there before somebody deleted its key waits no more."""
    markers = [each for page in pages for each in page.get("DeleteMarkers", ())]
    deleted: dict[str, datetime] = {}
    for marker in markers:  # of a key the newest is the first
        deleted.setdefault(marker["Key"], _EVER if marker["IsLatest"] else marker["LastModified"])

    def waits(version: dict) -> bool:
        return "." in version["Key"] and version["LastModified"] >= deleted.get(version["Key"], _NEVER)

    versions = [each for page in pages for each in page.get("Versions", ())]
    return sorted(filter(waits, reversed(versions)), key=lambda each: each["LastModified"])
