"""What a pipeline run adds to the totals, from Step Functions' history of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.stores.pipeline_runs import _observations

BEGAN = datetime(2026, 1, 2, tzinfo=UTC)


def event(second: float, kind: str, name: str) -> dict[str, Any]:
    details = "stateExitedEventDetails" if kind.endswith("Exited") else "stateEnteredEventDetails"
    return {"timestamp": BEGAN + timedelta(seconds=second), "type": kind, details: {"name": name}}


def run(status: str, second: float) -> dict[str, Any]:
    return {"status": status, "stopDate": BEGAN + timedelta(seconds=second)}


def test_steps_that_run_at_once_add_up() -> None:
    history = [
        {"timestamp": BEGAN, "type": "ExecutionStarted"},
        event(1, "MapStateEntered", "Search"),
        event(1, "TaskStateEntered", "Evaluate"),
        event(2, "TaskStateEntered", "Evaluate"),
        event(5, "TaskStateExited", "Evaluate"),
        event(9, "TaskStateExited", "Evaluate"),
        event(9, "MapStateExited", "Search"),
    ]

    assert _observations(run("SUCCEEDED", 9), history) == {
        "mlops_pipeline_runs|succeeded": 1,
        "mlops_pipeline_steps|Search|succeeded": 1,
        "mlops_pipeline_steps|Search|failed": 0,
        "mlops_pipeline_step_seconds|Search": 8,
        "mlops_pipeline_steps|Evaluate|succeeded": 2,
        "mlops_pipeline_steps|Evaluate|failed": 0,
        "mlops_pipeline_step_seconds|Evaluate": 11,
    }


def test_the_step_that_failed_is_named_whether_its_error_was_caught_or_its_run_ended() -> None:
    ingest = [event(0, "TaskStateEntered", "Ingest"), event(2, "TaskStateExited", "Ingest")]
    entered = event(2, "TaskStateEntered", "Features")
    caught = [*ingest, entered, event(5, "TaskStateExited", "Features"), event(5, "FailStateEntered", "Failed")]

    for status, history in (("FAILED", caught), ("TIMED_OUT", [*ingest, entered]), ("ABORTED", [*ingest, entered])):
        found = _observations(run(status, 5), history)
        assert found[f"mlops_pipeline_runs|{status.lower()}"] == 1
        assert found["mlops_pipeline_steps|Ingest|succeeded"] == found["mlops_pipeline_steps|Features|failed"] == 1
        assert found["mlops_pipeline_steps|Features|succeeded"] == found["mlops_pipeline_steps|Ingest|failed"] == 0
        assert found["mlops_pipeline_step_seconds|Features"] == 3
