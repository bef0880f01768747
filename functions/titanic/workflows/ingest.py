"""Ingest: a CSV in S3 becomes a dataset version in Postgres, its bad rows a file in quarantine."""

import json
from dataclasses import asdict
from typing import Any

from titanic.csv_content import CsvContent
from titanic.errors import InvalidInputError
from titanic.ports import DatasetStore, ObjectStore


def ingest(
    objects: ObjectStore,
    datasets: DatasetStore,
    quarantine_bucket: str,
    max_rejected_share: float,
    bucket: str,
    key: str,
) -> dict[str, Any]:
    """Load one file as one dataset version and say what became of its rows.

    The quarantine file is written after the commit, from what was committed: a run that died between the two is
    completed by the next delivery of the same file.
    """
    source = f"s3://{bucket}/{key}"
    try:
        stream = objects.open(bucket, key)
    except KeyError:
        raise InvalidInputError(f"There is no {source}: upload it, or correct the event") from None
    with stream:
        dataset = datasets.load(source, CsvContent(stream), max_rejected_share)
    return {
        "dataset_version": dataset.version,
        "source": dataset.source,
        "rows": dataset.rows,
        "rejected": dataset.rejected,
        "quarantine_key": _quarantine(objects, datasets, quarantine_bucket, dataset.version)
        if dataset.rejected
        else None,
    }


def _quarantine(objects: ObjectStore, datasets: DatasetStore, bucket: str, version: str) -> str:
    """One JSON document a line, which no spreadsheet takes for a formula."""
    key = f"quarantine/{version}.jsonl"
    lines = (json.dumps(asdict(rejection)) + "\n" for rejection in datasets.rejections(version))
    objects.put(bucket, key, "".join(lines).encode(), "application/x-ndjson")
    return key
