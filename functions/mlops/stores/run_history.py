"""What Step Functions remembers of a run, in words that a person follows: its file, its steps, what came of it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_FAILED = {"FailStateEntered", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
# What is told of a run, by the part of its output that has it.
_OUTCOME = {
    "dataset": ("dataset_version", "rows", "rejected"),
    "model": ("model_version",),
    "promotion": ("decision", "reason"),
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
        return str(json.loads(cause or "")["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def follow(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What an execution's history tells of its steps, and `output`, what the last one that ended left."""
    found: dict[str, dict[str, Any]] = {}
    output, last, failed = dict[str, Any](), None, False
    for event in events:
        at = event["timestamp"]
        if event["type"] in _FAILED:
            failed = True
        elif name := event.get("stateEnteredEventDetails", {}).get("name"):
            last, new = name, {"name": name, "started_at": at, "times": 0, "done": 0, "ended_at": None}
            found.setdefault(name, new)["times"] += 1
        elif details := event.get("stateExitedEventDetails"):
            step = found[details["name"]]
            step |= {"done": step["done"] + 1, "ended_at": at}
            output = json.loads(details.get("output") or "{}")
    steps = []
    for step in found.values():
        open_ = step["done"] < step["times"]
        lost = failed and (open_ or step["name"] == last)
        status = "failed" if lost else "running" if open_ else "succeeded"
        ended = None if open_ else step["ended_at"]
        seconds = (ended - step["started_at"]).total_seconds() if ended else None
        times = {name: step[name] for name in ("name", "times", "done")}
        steps.append({**times, "status": status, "started_at": step["started_at"].isoformat(), "seconds": seconds})
    return {"steps": steps, "output": output if isinstance(output, dict) else {}}


def outcome(output: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's output tells of its dataset, its model and the decision about it; null of what is not there yet."""
    return {name: (output.get(part) or {}).get(name) for part, names in _OUTCOME.items() for name in names}


def in_order(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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
