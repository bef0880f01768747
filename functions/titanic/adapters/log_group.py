"""A function's log in CloudWatch, searched for the predictions that Redis could not take."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from titanic.errors import StoreUnavailableError
from titanic.workflows.predict import SPILLED


def spilled(log_group: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Each prediction that was logged instead; StoreUnavailableError if the log is not to be read."""
    search = {
        "logGroupName": log_group,
        "startTime": int(since.timestamp() * 1000),
        "filterPattern": f'"{SPILLED}"',
    }
    try:
        for page in boto3.client("logs").get_paginator("filter_log_events").paginate(**search):
            for event in page["events"]:
                if SPILLED in event["message"]:
                    yield json.loads(event["message"])["prediction"]
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailableError(f"{log_group}: {error}") from error
