"""What monitoring tells others, and what waits to be looked at: EventBridge, SNS and SQS."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from mlops.errors import StoreUnavailableError
from mlops.stores.aws import CONFIG, translated


def request_retraining(bucket: str, key: str) -> None:
    """Tell EventBridge, whose rule starts the pipeline on a file as if it had been uploaded under raw/."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    _tell("mlops.monitoring", "Retraining Requested", detail)


def request_report() -> None:
    """Tell EventBridge, whose rule has monitoring measure drift now."""
    _tell("mlops.demo", "Report Requested", {})


def _tell(source: str, kind: str, detail: Mapping[str, Any]) -> None:
    with translated("EventBridge"):
        event = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
        answer = boto3.client("events", config=CONFIG).put_events(Entries=[event])
    if answer["FailedEntryCount"]:
        raise StoreUnavailableError(f"EventBridge: {answer['Entries'][0].get('ErrorMessage')}")


def notify(topic: str, subject: str, words: str) -> None:
    """Tell whoever subscribed to a topic; SNS takes no more than 100 characters of a subject."""
    with translated("SNS"):
        boto3.client("sns", config=CONFIG).publish(TopicArn=topic, Subject=subject[:100], Message=words)


def waiting(queues: Mapping[str, str]) -> dict[str, int]:
    """How many messages wait in each queue, by the names of their URLs."""
    client = boto3.client("sqs", config=CONFIG)
    found = {}
    for name, url in queues.items():
        with translated(f"SQS {name}"):
            answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        found[name] = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    return found
