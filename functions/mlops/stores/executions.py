"""The pipeline as a person follows it: its steps, its runs, and a new run of a file, by Step Functions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import boto3

from mlops.errors import RunNotFoundError
from mlops.stores.aws import CONFIG, translated

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
        return list(_in_order(json.loads(definition)))

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
            run |= _about(followed.pop("output", {}))
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
            **_about(json.loads(run.get("output") or "{}")),
            "error": run.get("error"),
            "cause": cause_of(run.get("cause")),
        }


def file_of(event: Mapping[str, Any]) -> str | None:
    """The key of the file that a run is of; None of one that was started with anything else."""
    match event:
        case {"detail": {"object": {"key": str(key)}}} | {"key": str(key)}:
            return key
    return None


def cause_of(cause: str | None) -> str | None:
    """What a function said, without the trace of its stack."""
    try:
        told = json.loads(cause or "")
        return str(told["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def follow(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What an execution's history tells of its steps, and `output`, what the last one that ended left."""
    found: dict[str, dict[str, Any]] = {}
    output: Any = {}
    last, failed = None, False
    for event in events:
        at = event["timestamp"]
        if name := event.get("stateEnteredEventDetails", {}).get("name"):
            if event["type"] == "FailStateEntered":
                failed = True
                continue
            step = found.setdefault(name, {"name": name, "started_at": at, "times": 0, "done": 0, "ended_at": None})
            step["times"] += 1
            last = name
        elif details := event.get("stateExitedEventDetails"):
            if step := found.get(details["name"], {}):
                step["done"] += 1
                step["ended_at"] = at
            output = json.loads(details.get("output") or "{}")
        elif event["type"] in ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"):
            failed = True
    steps = []
    for step in found.values():
        open_ = step["done"] < step["times"]
        status = "running" if open_ else "succeeded"
        if failed and (open_ or step["name"] == last):
            status = "failed"
        ended = None if open_ else step["ended_at"]
        seconds = (ended - step["started_at"]).total_seconds() if ended else None
        times = {name: step[name] for name in ("name", "times", "done")}
        steps.append({**times, "status": status, "started_at": step["started_at"].isoformat(), "seconds": seconds})
    return {"steps": steps, "output": output if isinstance(output, dict) else {}}


def _about(output: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's output tells of its dataset, its model and the decision about it; null of what is not there yet."""
    dataset, model, decided = (output.get(name) or {} for name in ("dataset", "model", "promotion"))
    return {
        "dataset_version": dataset.get("dataset_version"),
        "rows": dataset.get("rows"),
        "rejected": dataset.get("rejected"),
        "model_version": model.get("model_version"),
        "decision": decided.get("decision"),
        "reason": decided.get("reason"),
    }


def _in_order(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The states that work, from the first one on, depth first; `optional` are those that only a choice leads to."""
    states, waiting, seen = definition["States"], [(definition["StartAt"], False)], set[str]()
    while waiting:
        name, optional = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        state = states[name]
        ways = [(choice["Next"], True) for choice in state.get("Choices", ())]
        after = state.get("Default") or state.get("Next")
        later = [each for each in waiting if each[0] == after]
        waiting[:0] = [*ways, *(later or [(after, optional)])] if after else ways
        if state["Type"] in ("Task", "Map"):
            inner = state.get("ItemProcessor", {}).get("StartAt")
            yield {"name": name, "each": inner, "optional": optional}
