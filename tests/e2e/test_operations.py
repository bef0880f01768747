"""What an operator does now and then."""

import json
import subprocess
import sys
import uuid

import pytest

from clouds import CHECKOUT, Cloud, until

from .test_api import request


def promote(cloud: Cloud, key: str) -> int:
    url = f"{cloud.outputs()['api_url']}/models/{cloud.champion()}/promote"
    return request(url, headers={"X-Api-Key": key}, method="POST")[0]


def test_another_admin_key_holds_within_thirty_seconds(cloud: Cloud) -> None:
    old = cloud.outputs()["admin_api_key"]
    assert cloud.run("rotate-key").returncode == 0
    new = cloud.outputs()["admin_api_key"]
    assert new != old
    until(lambda: (promote(cloud, old), promote(cloud, new)) == (403, 200), 40)
    cloud.up()
    assert cloud.outputs()["admin_api_key"] == new


def test_a_secret_that_was_changed_is_referred_to_otherwise(cloud: Cloud) -> None:
    """CloudFormation resolves a reference again only when its text changes."""
    secrets, script = cloud.client("secretsmanager"), str(CHECKOUT / "infra/aws/secret_reference.py")
    name = f"titanic-test/{uuid.uuid4().hex}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    there = {"AWS_ENDPOINT_URL": cloud.outputs()["endpoint_url"], **keys}

    def reference() -> str:
        return subprocess.run([sys.executable, script, name], env=there, capture_output=True, text=True).stdout.strip()

    version = secrets.create_secret(Name=name, SecretString="before")["VersionId"]
    assert reference() == f"{{{{resolve:secretsmanager:{name}:SecretString:::{version}}}}}"
    version = secrets.put_secret_value(SecretId=name, SecretString="after")["VersionId"]
    assert version in reference()


@pytest.mark.timeout(600)
def test_an_event_that_started_nothing_is_tried_again(cloud: Cloud) -> None:
    states, sqs = cloud.client("stepfunctions"), cloud.client("sqs")
    event = json.loads((CHECKOUT / "functions/ingestion/events/object_created.json").read_text())
    sqs.send_message(QueueUrl=cloud.dead_letters(), MessageBody=json.dumps(event))
    said = cloud.run("redrive")
    assert said.returncode == 0, said.stderr
    assert "waiting: 1" in said.stdout
    (run,) = [line.strip() for line in said.stdout.splitlines() if "arn:" in line]
    until(lambda: states.describe_execution(executionArn=run)["status"] == "SUCCEEDED", 120)
    assert "waiting: 0" in cloud.run("redrive").stdout
