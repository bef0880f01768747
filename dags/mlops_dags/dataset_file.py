"""Dataset files in the data bucket: which one a run works on, and moving them out of the inbox."""

from airflow.sdk import task

from mlops_dags.stack import DATA_BUCKET
from mlops_dags.use_case import DATASETS

INBOX = "inbox/"
TAKEN = "taken/"
PREFIXES = ("raw/", TAKEN, "labelled/")


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
    that was killed half-way moves the rest when it runs again.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    s3 = S3Hook()
    waiting = [file for file in s3.get_file_metadata(INBOX, bucket) if "." in file["Key"]]
    taken = []
    for file in sorted(waiting, key=lambda file: file["LastModified"]):
        name, _, suffix = file["Key"].removeprefix(INBOX).replace("/", "-").partition(".")
        key = f"{TAKEN}{name}-{file['ETag'][1:13]}.{suffix.lower()}"
        s3.copy_object(file["Key"], key, bucket, bucket)
        s3.delete_objects(bucket, file["Key"])
        outlet_events[DATASETS].add_partitions(key)
        taken.append(key)
    return taken
