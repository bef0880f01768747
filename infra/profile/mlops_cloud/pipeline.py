"""A pipeline run, followed in the terminal to its end."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say, step
from mlops_cloud.clients import Clients

START_TIMEOUT_SECONDS = 30
# Errors of a run that its file causes: the same file again fails again.
UNFIT = ("DatasetRefusedError", "NotEnoughDataError")


class NoChampionError(CloudError):
    """A deployment is complete, but no model serves."""


class RunFailedError(NoChampionError):
    """A pipeline run failed; `error` is the name of what failed it."""

    def __init__(self, error: str, cause: str, run: str) -> None:
        super().__init__(f"The pipeline failed: {error} {cause}", f"Its history: {run}")
        self.error, self.cause = error, cause


def upload_and_follow(aws: Clients, file: Path, bucket: str, machine: str) -> Mapping[str, Any]:
    """Put a file where it starts the pipeline and return that run's output.

    Raises CloudError with the failed state's own error and cause.
    """
    states = aws.client("stepfunctions")
    before = {run["executionArn"] for run in states.list_executions(stateMachineArn=machine)["executions"]}
    upload(aws, file, bucket)
    return follow(aws, _started(aws, machine, before))


def upload(aws: Clients, file: Path, bucket: str) -> None:
    """Put a file where the pipeline takes its files from."""
    aws.buckets.upload_file(str(file), bucket, f"raw/{file.name}")
    say(f"Uploaded {file.name} to s3://{bucket}/raw/")


def run_on_latest(aws: Clients, bucket: str, machine: str) -> Mapping[str, Any]:
    """Run a pipeline on the files below raw/, the newest first, until one makes a champion; returns that run's output.

    Raises NoChampionError if none does.
    """
    objects = aws.buckets.list_objects_v2(Bucket=bucket, Prefix="raw/").get("Contents", [])
    why = ""
    for each in sorted(objects, key=lambda each: each["LastModified"], reverse=True):
        try:
            output = _run(aws, bucket, each["Key"], machine)
        except RunFailedError as failure:
            if failure.error not in UNFIT:
                raise
            why = f"{failure.error}: {failure.cause}"
        else:
            if output["promotion"]["champion"] == output["promotion"]["model_version"]:
                return output
            why = output["promotion"]["reason"]
        say(f"{each['Key']} makes no champion: {why}")
    raise NoChampionError(f"No file below raw/ makes a champion: {why}", f"Upload a CSV to s3://{bucket}/raw/")


def _run(aws: Clients, bucket: str, key: str, machine: str) -> Mapping[str, Any]:
    document = json.dumps({"bucket": bucket, "key": key})
    started = aws.client("stepfunctions").start_execution(stateMachineArn=machine, input=document)
    return follow(aws, started["executionArn"])


def follow(aws: Clients, run: str) -> Mapping[str, Any]:
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
        raise RunFailedError(status.get("error", ""), cause, run)
    output: Mapping[str, Any] = json.loads(status["output"])
    return output


def _started(aws: Clients, machine: str, before: set[str]) -> str:
    """The run that was not there before."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        for run in aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]:
            if run["executionArn"] not in before:
                return str(run["executionArn"])
        time.sleep(0.2)
    raise CloudError("The upload started no pipeline run", "Look at the rule PipelineUpload and at the dead letters")
