"""Events of S3 objects."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from running import eventually

KEYS = ["raw/titanic (1).csv", "raw/liste é+.csv", "raw/100%.csv", "raw/a%20b.csv", "raw/tout & plus/r=1.csv"]


@pytest.fixture
def events(client: Callable[[str], Any]) -> tuple[str, Callable[[int], list[dict[str, Any]]]]:
    """A versioned bucket, and what reads as many of its EventBridge events."""
    name = f"events-{uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=name)
    client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    enabled: dict[str, Any] = {"EventBridgeConfiguration": {}}
    client("s3").put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=enabled)
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}, "object": {"key": [{"prefix": "raw/"}]}}}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    found: list[dict[str, Any]] = []

    def read(count: int) -> list[dict[str, Any]]:
        def all_of_them() -> bool:
            for each in client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
                found.append(json.loads(each["Body"])["detail"]["object"])
            return len(found) >= count

        eventually(all_of_them)
        return found

    return name, read


def test_key_arrives_as_it_is(client, events):
    bucket, read = events
    for key in KEYS:
        client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    assert {each["key"] for each in read(len(KEYS))} == set(KEYS)


def test_two_uploads_under_one_key_are_two_versions(client, events):
    bucket, read = events
    written = [client("s3").put_object(Bucket=bucket, Key="raw/a.csv", Body=body)["VersionId"] for body in (b"1", b"2")]
    assert {each["version-id"] for each in read(2)} == set(written)
