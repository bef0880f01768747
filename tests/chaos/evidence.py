"""What the stores hold: the other half of what promises are judged by. Nothing of the product is asked."""

import json
import re
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
import redis

from clouds import Cloud
from titanic import USE_CASE

PREDICTED = re.compile(r'^mlops_predictions_total\{.*model_version="(\w+)".*\} (.+)$', re.MULTILINE)


@dataclass(frozen=True)
class Dataset:
    """A dataset version: what it says of itself, the ids of its rows, and the numbers of its refused records."""

    rows: int
    rejected: int
    loaded_at: datetime
    ids: list[str]
    refused: set[int]


@dataclass(frozen=True)
class Logged:
    """A prediction of the history."""

    prediction_id: str
    row_id: str | None
    model_version: str
    probability: float
    outcome: int | None


@dataclass(frozen=True)
class Evidence:
    """One reading of all stores."""

    datasets: dict[str, Dataset]
    tables: set[str]  # of rows and of staging
    history: list[Logged]
    waiting: int  # predictions of the log behind the position that the history has
    counted: dict[str, float]  # by model version
    pointer: dict[str, Any]
    decisions: list[dict[str, Any]]
    retrainings: list[dict[str, Any]]
    features: dict[str, dict[str, list[Any]]]  # offline: of each dataset version, by row
    published: dict[str, int]  # how many rows each of these says it has
    online_version: str
    online: dict[str, list[Any]]
    objects: dict[str, str]  # keys of the data bucket and the digests that S3 has of them
    letters: list[str]


@contextmanager
def postgres(cloud: Cloud) -> Iterator[Any]:
    """A cursor in a transaction, as the schema's owner."""
    with (
        closing(psycopg2.connect(cloud.outputs()["database_url"])) as connection,
        connection,
        connection.cursor() as at,
    ):
        yield at


def valkey(cloud: Cloud) -> "redis.Redis":
    return redis.Redis.from_url(cloud.outputs()["redis_url"])


def predictions_counted(cloud: Cloud) -> dict[str, float]:
    """Rows predicted by each model version, as `/metrics` counts them over all instances."""
    counted: dict[str, float] = defaultdict(float)
    with urllib.request.urlopen(f"{cloud.outputs()['api_url']}/metrics", timeout=60) as answer:
        for version, count in PREDICTED.findall(answer.read().decode()):
            counted[version] += float(count)
    return dict(counted)


def letters(cloud: Cloud) -> list[str]:
    """The messages that wait in the pipeline's dead-letter queue; they stay there."""
    sqs, found = cloud.client("sqs"), []
    while got := sqs.receive_message(QueueUrl=cloud.dead_letters(), MaxNumberOfMessages=10, VisibilityTimeout=2).get(
        "Messages"
    ):
        found += [message["Body"] for message in got]
    return found


def read(cloud: Cloud) -> Evidence:
    """Read everything once. Whoever calls this has seen to it that nothing is at work."""
    schema, table = USE_CASE.schema_hash, USE_CASE.table_hash
    with postgres(cloud) as at:
        at.execute("SELECT tablename FROM pg_tables WHERE tablename ~ '^(rows_.*_|staging_)'")
        tables = {name for (name,) in at}
        at.execute("SELECT version, rows, rejected, loaded_at FROM dataset_versions WHERE schema = %s", (table,))
        datasets = {}
        for version, rows, rejected, loaded_at in at.fetchall():
            ids: list[str] = []
            if f"rows_{table}_{version}" in tables:
                at.execute(f"SELECT row_id FROM rows_{table}_{version}")
                ids = [str(id_) for (id_,) in at]
            at.execute(
                'SELECT DISTINCT "row" FROM rejected_cells WHERE dataset_version = %s AND schema = %s', (version, table)
            )
            datasets[version] = Dataset(rows, rejected, loaded_at, ids, {number for (number,) in at})
        at.execute(
            "SELECT replace(prediction_id::text, '-', ''), row_id, model_version, probability, outcome "
            "FROM prediction_history"
        )
        history = [Logged(*row) for row in at]
        at.execute("SELECT position FROM drains WHERE stream = 'predictions'")
        position = "-".join((at.fetchone() or ("0-0",))[0].split("-")[:2])
        at.execute("SELECT to_json(decisions) FROM decisions ORDER BY at")
        decisions = [row for (row,) in at]
        at.execute("SELECT to_json(retrainings) FROM retrainings")
        retrainings = [row for (row,) in at]
        at.execute("SELECT dataset_version, rows FROM materialized_features WHERE schema_hash = %s", (schema,))
        published = dict(at.fetchall())
        at.execute("SELECT dataset_version, row_id, features FROM feature_rows WHERE schema_hash = %s", (schema,))
        features: dict[str, dict[str, list[Any]]] = {version: {} for version in published}
        for version, row_id, values in at:
            features.setdefault(version, {})[row_id] = values
    with valkey(cloud) as client:
        entities = client.hgetall(f"online:{{{schema}}}:current")
        waiting = len(client.xrange("predictions", f"({position}"))
    online = {
        name.removeprefix(b"id:").decode(): json.loads(value)[1:]
        for name, value in entities.items()
        if name.startswith(b"id:")
    }
    s3, outputs = cloud.client("s3"), cloud.outputs()
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=outputs["data_bucket"], Prefix="raw/")
    objects = {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", ())}
    pointer = json.load(s3.get_object(Bucket=outputs["models_bucket"], Key="champion.json")["Body"])
    return Evidence(
        datasets=datasets,
        tables=tables,
        history=history,
        waiting=waiting,
        counted=predictions_counted(cloud),
        pointer=pointer,
        decisions=decisions,
        retrainings=retrainings,
        features=features,
        published=published,
        online_version=entities.get(b"version", b"").decode(),
        online=online,
        objects=objects,
        letters=letters(cloud),
    )
