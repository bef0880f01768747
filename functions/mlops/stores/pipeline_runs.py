"""Runs of the pipeline, as Step Functions remembers them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3

from mlops.monitoring.stores import PipelineRun
from mlops.stores.aws import CONFIG, translated
from mlops.stores.run_history import file_of
from mlops.telemetry import metrics


def ended(machine: str, since: datetime) -> Iterator[PipelineRun]:
    """The runs that ended since a time; StoreUnavailableError if Step Functions does not answer."""
    client = boto3.client("stepfunctions", config=CONFIG)
    with translated(machine):
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=machine):
            for run in page["executions"]:
                if run["status"] != "RUNNING" and run["stopDate"] >= since:
                    arn = run["executionArn"]
                    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
                    events = [event for each in pages for event in each["events"]]
                    started = events[0]["executionStartedEventDetails"]
                    yield PipelineRun(arn, file_of(json.loads(started.get("input", "{}"))), _observations(run, events))


def _observations(run: Mapping[str, Any], events: list[Mapping[str, Any]]) -> metrics.Observations:
    """How each step ended and how long it took; those of a Map that run at once add up."""
    entered, seconds, steps, failed = Counter[str](), Counter[str](), Counter[str](), ""
    for event in events:
        at = event["timestamp"].timestamp()
        if name := event.get("stateEnteredEventDetails", {}).get("name"):
            if event["type"] == "FailStateEntered":
                break
            entered[name] += 1
            seconds[name] -= at
            failed = name
        elif name := event.get("stateExitedEventDetails", {}).get("name"):
            entered[name] -= 1
            seconds[name] += at
            steps[name] += 1
    for name, open_ in entered.items():  # ended with the run
        seconds[name] += open_ * run["stopDate"].timestamp()
        steps[name] += open_
    counted = metrics.Observations({metrics.named(metrics.RUNS.name, run["status"].lower()): 1})
    for name, count in steps.items():
        bad = int(name == failed and run["status"] != "SUCCEEDED")
        counted |= {
            metrics.named(metrics.STEPS.name, name, "succeeded"): count - bad,
            metrics.named(metrics.STEPS.name, name, "failed"): bad,
            metrics.named(metrics.STEP_SECONDS.name, name): seconds[name],
        }
    return counted
