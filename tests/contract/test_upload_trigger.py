"""What the pipeline's rule takes of the data bucket's events, judged by EventBridge's emulator."""

import json

import boto3
import pytest

from architecture.test_aws import template

EVENT = {
    "id": "1",
    "account": "000000000000",
    "source": "aws.s3",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:s3:::titanic-data"],
    "detail-type": "Object Created",
}


@pytest.mark.parametrize(
    ("key", "starts"),
    [
        *((f"raw/{name}", True) for name in ("a.csv", "A.CSV", "a.Csv", "a.csv.gz", "A.CSV.GZ", "2026/01/a (1).csv")),
        *((f"raw/{name}", True) for name in ("a.xlsx", "a.csv.zst", "a.parquet", "liste é+.csv", "100%.csv")),
        *((name, False) for name in ("raw/", "raw/2026/", "labels/a.csv", "labelled/a.csv", "quarantine/a.jsonl")),
    ],
)
def test_every_file_below_raw_starts_the_pipeline(s3_endpoint_url: str, key: str, starts: bool) -> None:
    """Whatever its name: a file that is no CSV fails with what it is, and is not passed over without a word."""
    pattern = template("template.yaml")["Resources"]["Pipeline"]["Properties"]["Events"]["Upload"]["Properties"][
        "Pattern"
    ]
    pattern["detail"]["bucket"]["name"] = ["titanic-data"]
    event = {**EVENT, "detail": {"bucket": {"name": "titanic-data"}, "object": {"key": key}}}
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    events = boto3.client("events", endpoint_url=s3_endpoint_url, **credentials)

    assert events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"] is starts
