"""What a person is told of the pipeline's runs, from what Step Functions remembers."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlops.stores.run_history import cause_of, file_of, follow, in_order

MACHINE = Path(__file__).parents[3] / "step_functions/pipeline.asl.json"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def history(*told: tuple[float, str, str] | tuple[float, str]) -> list[dict[str, Any]]:
    """Events at seconds: a state is entered (`+`) or exited (`-`), or the execution ends."""
    events: list[dict[str, Any]] = [{"timestamp": BEGIN, "type": "ExecutionStarted"}]
    for seconds, what, *name in told:
        event: dict[str, Any] = {"timestamp": BEGIN + timedelta(seconds=seconds), "type": what}
        if what in "+-":
            details = "stateEnteredEventDetails" if what == "+" else "stateExitedEventDetails"
            event |= {"type": "TaskState", details: {"name": name[0], "output": json.dumps({"after": name[0]})}}
        if name == ["Failed"]:
            event["type"] = "FailStateEntered"
        events.append(event)
    return events


def in_short(events: list[dict[str, Any]]) -> dict[str, tuple[str, int, int, float | None]]:
    return {
        step["name"]: (step["status"], step["done"], step["times"], step["seconds"]) for step in follow(events)["steps"]
    }


def test_a_run_is_followed_while_it_runs() -> None:
    events = history(
        *[(0, "+", "Ingest"), (1.5, "-", "Ingest"), (2, "+", "Search"), (2, "+", "Evaluate"), (2, "+", "Evaluate")],
        (5, "-", "Evaluate"),
    )
    assert in_short(events) == {
        "Ingest": ("succeeded", 1, 1, 1.5),
        "Search": ("running", 0, 1, None),
        "Evaluate": ("running", 1, 2, None),
    }
    assert follow(events)["output"] == {"after": "Evaluate"}


@pytest.mark.parametrize("end", [[(3.0, "+", "Failed")], [(3.0, "ExecutionTimedOut")], [(3.0, "ExecutionAborted")]])
def test_what_a_run_ended_in_has_failed_and_nothing_else(end: Any) -> None:
    events = history((0, "+", "Ingest"), (1, "-", "Ingest"), (1, "+", "Features"), *end)
    assert {name: status for name, (status, *_) in in_short(events).items()} == {
        "Ingest": "succeeded",
        "Features": "failed",
    }


def test_a_caught_failure_is_of_the_step_that_was_left_for_it() -> None:
    """Step Functions writes that a state was exited when its Catch leads on."""
    events = history((0, "+", "Ingest"), (1, "-", "Ingest"), (1, "+", "Failed"))
    assert in_short(events)["Ingest"][0] == "failed"


def test_the_steps_of_the_machine_come_in_the_order_of_a_run() -> None:
    definition = json.loads(re.sub(r"\$\{(\w+)\}", r'"\1"', MACHINE.read_text()).replace('""', '"'))
    steps = list(in_order(definition))
    assert [step["name"] for step in steps if not step["optional"]] == [
        *("Ingest", "Features", "Plan", "Search", "FitShares", "Fit", "Promote")
    ]
    assert [step["name"] for step in steps if step["optional"]] == ["FeatureParts", "PublishFeatures"]
    assert [step["name"] for step in steps].index("PublishFeatures") < [step["name"] for step in steps].index("Plan")
    assert {step["name"]: step["each"] for step in steps if step["each"]} == {
        "FeatureParts": "FeaturePart",
        "Search": "Evaluate",
        "FitShares": "FitShare",
    }


@pytest.mark.parametrize(
    ("event", "file"),
    [
        ({"detail": {"bucket": {"name": "b"}, "object": {"key": "raw/a.csv"}}}, "raw/a.csv"),
        ({"bucket": "b", "key": "raw/b.csv"}, "raw/b.csv"),
        ({"dataset_version": "1"}, None),
        ({"key": 7}, None),
        ([], None),
    ],
)
def test_the_file_of_a_run(event: Any, file: str | None) -> None:
    assert file_of(event) == file


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (json.dumps({"errorMessage": "row 3 is bad", "stackTrace": ["secret"]}), "row 3 is bad"),
        ("plain words", "plain words"),
        ('["a list"]', '["a list"]'),
        (None, None),
    ],
)
def test_a_cause_is_told_without_its_stack(cause: str | None, words: str | None) -> None:
    assert cause_of(cause) == words
