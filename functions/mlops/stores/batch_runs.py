"""Runs of the state machine that scores batches, as Step Functions knows them."""

import json
from functools import cached_property
from typing import Any

import boto3

from mlops.batch.finish import reason
from mlops.batch.status import Run
from mlops.stores.aws import CONFIG, translated


class StepFunctionsRuns:
    """Implements `batch.status.Runs`."""

    def __init__(self, machine: str) -> None:
        self._machine = machine

    @cached_property
    def _client(self) -> Any:
        return boto3.client("stepfunctions", config=CONFIG)

    def start(self, batch_id: str) -> str:
        with translated("Step Functions"):
            body = json.dumps({"batch_id": batch_id})
            name: str = self._client.start_execution(stateMachineArn=self._machine, input=body)["executionArn"]
            return name

    def recent(self, limit: int) -> list[str]:
        with translated("Step Functions"):
            found = self._client.list_executions(stateMachineArn=self._machine, maxResults=limit)["executions"]
            newest = sorted(found, key=lambda each: each["startDate"], reverse=True)
            inputs = [self._client.describe_execution(executionArn=each["executionArn"])["input"] for each in newest]
        return [asked["batch_id"] for each in inputs if "batch_id" in (asked := json.loads(each))]

    def find(self, name: str) -> Run:
        with translated("Step Functions"):
            try:
                about = self._client.describe_execution(executionArn=name)
            except (self._client.exceptions.ExecutionDoesNotExist, self._client.exceptions.InvalidArn):
                return Run("failed", "its run is not known any more: start it again")
        match about["status"]:
            case "RUNNING" | "PENDING_REDRIVE":
                return Run("running")
            case "SUCCEEDED":
                return Run("succeeded")
            case status:
                told = {"Error": about.get("error", status), "Cause": about.get("cause", "")}
                return Run("failed", reason(told))
