"""Releases that are killed: whatever the last effect was, the next `up` serves, with its triggers on exactly once."""

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from clouds import HOME, LIST, Cloud, until

# Effects of an `up` that releases, and whether the next `up` is of the new sources or of the old ones, which somebody
# has checked out again. The first two enabled rules are those of the stack that serves, which `up` begins with.
POINTS = [("EnableRule:4", "old")]
MORE_POINTS = [
    ("DeleteStack:1", "new"),
    ("write release:1", "new"),
    ("CreateChangeSet:1", "new"),
    ("ExecuteChangeSet:1", "old"),
    ("Invoke:1", "new"),
    ("EnableRule:3", "new"),
    ("EnableRule:4", "new"),
    ("DisableRule:1", "old"),
    ("DisableRule:2", "old"),
    ("DisableRule:2", "new"),
    ("write outputs:1", "old"),
    ("write deployment:1", "new"),
    ("write deployment:1", "old"),
    ("DisableRule:3", "old"),
    ("DeleteStack:1", "old"),
]


@pytest.mark.long
@pytest.mark.parametrize(("point", "sources"), POINTS + MORE_POINTS * bool(os.environ.get("MORE_POINTS")))
def test_a_killed_release_is_put_right(cloud: Cloud, passenger: dict[str, Any], point: str, sources: str) -> None:
    before, champion = cloud.call("/predict", passenger)["probability"], cloud.champion()
    handler = cloud.checkout / "functions/inference/handler.py"
    original = handler.read_text()
    try:
        handler.write_text(f"{original}\n# killed after {point}{sources}\n")
        assert killed(cloud, point) == -9
        upload = uploaded(cloud)
        if sources == "old":
            handler.write_text(original)
        cloud.up()
        until(lambda: upload in ingested(cloud) or letters(cloud))
        assert upload in ingested(cloud), letters(cloud)
        assert cloud.champion() == champion
        assert cloud.call("/predict", passenger)["probability"] == before
        assert stacks(cloud) == [cloud.outputs()["stack_name"]]
        assert triggers(cloud) == {"ENABLED": 1}
    finally:
        handler.write_text(original)


def killed(cloud: Cloud, point: str) -> int:
    """The exit code of an `up` that is killed after an effect."""
    script, python = Path(__file__).with_name("killed.py"), HOME / "envs/cloud/bin/python"
    command = [python, script, "--home", HOME, "--state", cloud.state, "up"]
    done = subprocess.run(
        command, cwd=cloud.checkout, env={**cloud.variables(), "KILL_AFTER": point}, capture_output=True, text=True
    )
    assert done.returncode, f"{point} never happened:\n{done.stderr}"
    return done.returncode


def uploaded(cloud: Cloud) -> str:
    """A list that is too short for a model, uploaded where it starts a run; its address."""
    key, (header, *rows) = f"raw/{uuid4().hex}.csv", LIST.read_text().splitlines()[:41]
    rows[0] = rows[0].replace("Braund", uuid4().hex)
    bucket = cloud.outputs()["data_bucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body="\n".join([header, *rows]).encode())
    return f"s3://{bucket}/{key}"


def ingested(cloud: Cloud) -> set[str]:
    """Where the dataset versions come from."""
    with closing(psycopg2.connect(cloud.outputs()["database_url"])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT source FROM dataset_versions")
        return {source for (source,) in cursor}


def letters(cloud: Cloud) -> list[str]:
    """The events that started no run."""
    queue = cloud.client("sqs").receive_message(QueueUrl=cloud.dead_letters())
    return [each["Body"] for each in queue.get("Messages", [])]


def stacks(cloud: Cloud) -> list[str]:
    pages = cloud.client("cloudformation").get_paginator("list_stacks").paginate()
    found = [each for page in pages for each in page["StackSummaries"] if each["StackStatus"] != "DELETE_COMPLETE"]
    return [each["StackName"] for each in found]


def triggers(cloud: Cloud) -> dict[str, int]:
    """How many rules start a pipeline after an upload, by their state."""
    rules = cloud.client("events").list_rules()["Rules"]
    states = [rule["State"] for rule in rules if "PipelineUpload" in rule["Name"]]
    return {state: states.count(state) for state in states}
