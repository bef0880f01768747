"""The pipeline as a person follows it: its steps, its runs, and a new run of a file, by Step Functions."""

import json
from functools import cached_property, lru_cache
from typing import Any

import boto3

from mlops.errors import RunNotFoundError
from mlops.stores.aws import CONFIG, translated
from mlops.stores.run_history import cause_of, file_of, follow, in_order, outcome

_ENDED = 500  # runs that are remembered, for they never change


class PipelineRuns:
    """The runs of one state machine. StoreUnavailableError if Step Functions does not answer."""

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self._ended = lru_cache(_ENDED)(self._describe)

    @cached_property
    def _client(self) -> Any:
        return boto3.client("stepfunctions", config=CONFIG)

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The steps in the order that a run takes them: `name`, `each` (the step within a Map), `optional`."""
        with translated(self._machine):
            definition = self._client.describe_state_machine(stateMachineArn=self._machine)["definition"]
        return list(in_order(json.loads(definition)))

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """The latest runs, newest first, in short."""
        with translated(self._machine):
            found = self._client.list_executions(stateMachineArn=self._machine, maxResults=limit)["executions"]
        newest = sorted(found, key=lambda each: each["startDate"], reverse=True)
        return [
            (self._describe if each["status"] == "RUNNING" else self._ended)(each["executionArn"]) for each in newest
        ]

    def find(self, name: str) -> dict[str, Any]:
        """One run: as `recent` has it, and `steps`, each with `status`, `started_at`, `seconds`, `done` of `times`."""
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"
        run = self._describe(arn)
        with translated(self._machine):
            pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
            events = [event for page in pages for event in page["events"]]
        followed = follow(events)
        if run["status"] != "succeeded":  # of one that ended well the output tells
            run |= outcome(followed.pop("output", {}))
        return {**run, "steps": followed["steps"]}

    def start(self, bucket: str, key: str) -> str:
        """Run the pipeline on a file, by the event that its upload would be; the run's name."""
        event = {"detail": {"bucket": {"name": bucket}, "object": {"key": key}}}
        with translated(self._machine):
            started = self._client.start_execution(stateMachineArn=self._machine, input=json.dumps(event))
        return str(started["executionArn"]).rpartition(":")[2]

    def _describe(self, arn: str) -> dict[str, Any]:
        with translated(self._machine):
            try:
                run = self._client.describe_execution(executionArn=arn)
            except (self._client.exceptions.ExecutionDoesNotExist, self._client.exceptions.InvalidArn):
                raise RunNotFoundError(f"There is no run {arn.rpartition(':')[2]!r}, or not any more") from None
        ended = run.get("stopDate") if run["status"] != "RUNNING" else None
        return {
            "run": run["name"],
            "status": run["status"].lower(),
            "started_at": run["startDate"].isoformat(),
            "ended_at": ended.isoformat() if ended else None,
            "file": file_of(json.loads(run.get("input") or "{}")),
            **outcome(json.loads(run.get("output") or "{}")),
            "error": run.get("error"),
            "cause": cause_of(run.get("cause")),
        }
