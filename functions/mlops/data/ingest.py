"""Ingest: a CSV in S3 becomes a dataset version in Postgres, a quality report and, of bad rows, a quarantine file."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from tempfile import TemporaryFile
from typing import Any

from mlops.data import quality
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetStore, DatasetVersion
from mlops.data.objects import ObjectStore
from mlops.data.rejection import DatasetRefusedError, Rejection
from mlops.errors import InvalidInputError
from mlops.use_case import UseCase

QUARANTINE = "quarantine/"


def ingest(
    case: UseCase,
    objects: ObjectStore,
    datasets: DatasetStore,
    store_bucket: str,
    max_rejected_share: float,
    bucket: str,
    key: str,
    version: str | None = None,
) -> dict[str, Any]:
    """Load one file, or one version of it, as one dataset version and say what became of its rows.

    Quarantine file and quality report are written to `store_bucket` after the commit, from what was committed: a run
    that died between the two is completed by the next delivery of the same file.
    """
    source = f"s3://{bucket}/{key}"
    try:
        stream = objects.open(bucket, key, version)
    except KeyError:
        which = f"{source} of version {version}" if version else source
        raise InvalidInputError(f"There is no {which}: upload it, or correct the event") from None
    with stream:
        content = CsvContent(stream, case)
        try:
            dataset = datasets.load(source, content, max_rejected_share)
        except DatasetRefusedError as refused:
            if not refused.rejections:
                raise
            where = _quarantine(objects, store_bucket, content.version, refused.rejections)
            raise DatasetRefusedError(f"{refused} More in s3://{store_bucket}/{where}") from None
    bad = datasets.rejections(dataset.version) if dataset.rejected else None
    return {
        "dataset_version": dataset.version,
        "source": dataset.source,
        "rows": dataset.rows,
        "rejected": dataset.rejected,
        "quarantine_key": bad and _quarantine(objects, store_bucket, dataset.version, bad),
        "quality": _quality(objects, datasets, store_bucket, dataset),
    }


def _quarantine(objects: ObjectStore, bucket: str, version: str, rejections: Iterable[Rejection]) -> str:
    """One JSON document a line, which no spreadsheet takes for a formula; by way of a file, however many there are."""
    key = f"{QUARANTINE}{version}.jsonl"
    with TemporaryFile() as file:
        file.writelines(json.dumps(asdict(each)).encode() + b"\n" for each in rejections)
        file.seek(0)
        objects.put(bucket, key, file, "application/x-ndjson")
    return key


def _quality(objects: ObjectStore, datasets: DatasetStore, bucket: str, dataset: DatasetVersion) -> dict[str, Any]:
    """Keep the whole report beside the dataset; its key and what a person should know at once."""
    key = f"quality/{dataset.version}.json"
    report = quality.report(*datasets.profiles(dataset.version))
    objects.put(bucket, key, json.dumps({**asdict(dataset), **report}).encode(), "application/json")
    missing = {name: column["shares"]["not recorded"] for name, column in report["columns"].items()}
    return {
        "report_key": key,
        "not_recorded": {name: share for name, share in missing.items() if share},
        "notable": report["notable"],
    }
