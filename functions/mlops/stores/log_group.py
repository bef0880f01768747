"""A function's log in CloudWatch, searched for what only it knows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3

from mlops.serving.prediction_log import SPILLED
from mlops.stores.aws import CONFIG, translated
from mlops.telemetry.usage import MARK


def spilled(function: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Each prediction that a function logged because Redis could not take it; StoreUnavailableError as of `_search`."""
    for _, message in _search(function, SPILLED, since):
        yield json.loads(message)["prediction"]


def reports(function: str, begin: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    """Lambda's own REPORT lines of a function, from `begin` to before `end`."""
    return _search(function, MARK, begin, end)


def _search(function: str, phrase: str, begin: datetime, end: datetime | None = None) -> Iterator[tuple[datetime, str]]:
    """Time and text of each message that holds a phrase; StoreUnavailableError if the log is not to be read."""
    log_group = f"/aws/lambda/{function}"
    search: dict[str, Any] = {
        "logGroupName": log_group,
        "startTime": int(begin.timestamp() * 1000),
        "filterPattern": f'"{phrase}"',
    }
    if end:
        search["endTime"] = int(end.timestamp() * 1000) - 1
    with translated(log_group):
        for page in boto3.client("logs", config=CONFIG).get_paginator("filter_log_events").paginate(**search):
            for event in page["events"]:
                if phrase in event["message"]:
                    yield datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"]
