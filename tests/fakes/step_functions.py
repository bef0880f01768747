"""Step Functions with a run of each kind."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:pipeline"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
QUOTED = "row 3: Age 'a long time' is not a number. More in s3://titanic-data/quarantine/0123456789abcdef.jsonl"
DONE = {
    "dataset": {"dataset_version": "fedcba9876543210", "rows": 890, "rejected": 1},
    "model": {"model_version": "1111222233334444"},
    "promotion": {"decision": "kept", "reason": "It is no better"},
}


class States:
    """Step Functions with a run of each kind; `started` are the inputs of those that were asked for."""

    class exceptions:  # noqa: N801 - as boto3 has it
        class ExecutionDoesNotExist(Exception): ...  # noqa: N818

        class InvalidArn(Exception): ...  # noqa: N818

    def __init__(self) -> None:
        self.started: list[Any] = []
        self.described = 0
        event = json.dumps({"detail": {"object": {"key": "raw/list.csv"}}})
        base = {"startDate": BEGIN, "input": event}
        refused = {"error": "DatasetRefusedError", "cause": json.dumps({"errorMessage": QUOTED})}
        ended = {"stopDate": BEGIN + timedelta(seconds=9)}
        self.runs: dict[str, dict[str, Any]] = {
            "first": {**base, **ended, "status": "SUCCEEDED", "output": json.dumps(DONE)},
            "second": {**base, **ended, **refused, "status": "FAILED", "startDate": BEGIN + timedelta(hours=1)},
            "third": {**base, "status": "RUNNING", "startDate": BEGIN + timedelta(hours=2)},
        }
        for name, run in self.runs.items():
            run |= {"name": name, "executionArn": f"{MACHINE.replace('stateMachine', 'execution')}:{name}"}

    def describe_state_machine(self, stateMachineArn: str) -> Any:  # noqa: N803
        assert stateMachineArn == MACHINE
        return {"definition": json.dumps({"StartAt": "Ingest", "States": {"Ingest": {"Type": "Task", "End": True}}})}

    def list_executions(self, **_: Any) -> Any:
        return {"executions": list(self.runs.values())}

    def describe_execution(self, executionArn: str) -> Any:  # noqa: N803
        self.described += 1
        if (name := executionArn.rpartition(":")[2]) not in self.runs:
            raise self.exceptions.ExecutionDoesNotExist
        return self.runs[name]

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> Iterator[Any]:
        entered = {"timestamp": BEGIN, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Ingest"}}
        yield {"events": [entered]}

    def start_execution(self, stateMachineArn: str, input: str) -> Any:  # noqa: N803
        self.started.append(json.loads(input))
        return {"executionArn": f"{MACHINE}:new"}
