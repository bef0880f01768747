"""A pipeline run, followed in the terminal to its end."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded_cloud.aws import Aws
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say, step

START_PATIENCE_SECONDS = 30


def upload_and_follow(aws: Aws, file: Path, bucket: str, machine: str) -> Mapping[str, Any]:
    """Put a file where it starts the pipeline and return that run's output.

    Raises CloudError with the failed state's own error and cause.
    """
    states = aws.client("stepfunctions")
    before = {run["executionArn"] for run in states.list_executions(stateMachineArn=machine)["executions"]}
    upload(aws, file, bucket)
    return follow(aws, _started(aws, machine, before))


def upload(aws: Aws, file: Path, bucket: str) -> None:
    """Put a file where the pipeline takes its files from."""
    aws.buckets.upload_file(str(file), bucket, f"raw/{file.name}")
    say(f"Uploaded {file} to s3://{bucket}/raw/")


def run_on_latest(aws: Aws, bucket: str, machine: str) -> Mapping[str, Any]:
    """Run a pipeline on the newest file below raw/, without an upload; returns the run's output."""
    objects = aws.buckets.list_objects_v2(Bucket=bucket, Prefix="raw/")["Contents"]
    latest = max(objects, key=lambda each: each["LastModified"])["Key"]
    document = json.dumps({"bucket": bucket, "key": latest})
    started = aws.client("stepfunctions").start_execution(stateMachineArn=machine, input=document)
    return follow(aws, started["executionArn"])


def follow(aws: Aws, run: str) -> Mapping[str, Any]:
    """Show each state as it is passed; returns the run's output."""
    states = aws.client("stepfunctions")
    seen = 0
    with step("Pipeline"):
        while True:
            status = states.describe_execution(executionArn=run)
            entered = [
                event["stateEnteredEventDetails"]["name"]
                for event in states.get_execution_history(executionArn=run)["events"]
                if event["type"] in ("TaskStateEntered", "MapStateEntered")
            ]
            for name in entered[seen:]:
                say(f"  {name}")
            seen = len(entered)
            if status["status"] != "RUNNING":
                break
            time.sleep(0.3)
    if status["status"] != "SUCCEEDED":
        cause = status.get("cause") or status["status"]
        raise CloudError(f"The pipeline failed: {status.get('error', '')} {cause}", f"Its history: {run}")
    output: Mapping[str, Any] = json.loads(status["output"])
    return output


def _started(aws: Aws, machine: str, before: set[str]) -> str:
    """The run that was not there before."""
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for run in aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]:
            if run["executionArn"] not in before:
                return str(run["executionArn"])
        time.sleep(0.2)
    raise CloudError("The upload started no pipeline run", "Look at the rule PipelineUpload and at the dead letters")
