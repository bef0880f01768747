"""Files in the data bucket: which one a run is about, and taking them out of the inbox."""

from airflow.sdk import task

from titanic_dags.stack import DATA_BUCKET, PASSENGER_LISTS

INBOX = "inbox/"
TAKEN = "taken/"
LISTS = ("raw/", TAKEN, "labelled/")


@task
def choose(bucket: str, key: str) -> dict[str, str]:
    """The file of this run: the one it was asked for or started by, else the newest that ever came.

    A task of its own, so that whatever after it is run again works on the same file.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    if not key:
        s3 = S3Hook()
        files = [file for prefix in LISTS for file in s3.get_file_metadata(prefix, bucket)]
        lists = [file for file in files if file["Key"].endswith((".csv", ".csv.gz"))]
        if not lists:
            raise FileNotFoundError(f"No passenger list below s3://{bucket}/raw/: upload one, or name its key")
        key = max(lists, key=lambda file: file["LastModified"])["Key"]
    return {"bucket": bucket, "key": key}


def chosen() -> object:
    """`choose` for a DAG with the parameter `key`, which may also be started by the asset."""
    return choose(bucket=DATA_BUCKET, key="{{ params.key or partition_key or '' }}")


@task(outlets=[PASSENGER_LISTS])
def take(bucket: str, *, outlet_events: object) -> list[str]:
    """Move every CSV of the inbox to taken/, and announce each; returns the new keys.

    The new key is made of the file's name and its content's ETag: the same file twice is one key, and a task that was
    killed half-way does the rest when it runs again.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    s3 = S3Hook()
    found = [file for file in s3.get_file_metadata(INBOX, bucket) if file["Key"].endswith(".csv")]
    taken = []
    for file in sorted(found, key=lambda file: file["LastModified"]):
        name = file["Key"].removeprefix(INBOX).removesuffix(".csv").replace("/", "-")
        key = f"{TAKEN}{name}-{file['ETag'][1:13]}.csv"
        s3.copy_object(file["Key"], key, bucket, bucket)
        s3.delete_objects(bucket, file["Key"])
        outlet_events[PASSENGER_LISTS].add_partitions(key)
        taken.append(key)
    return taken
