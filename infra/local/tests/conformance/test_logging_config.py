"""`LoggingConfig`: JSON platform events, levels and the log group."""

import json
import re
import uuid
from typing import Any

import pytest
from running import eventually

from functions import Reply

FORMAT = "lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html"
LEVELS = "lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"
GROUP = "lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html"
HANDLER = "def handler(event, context): return event"


def platform_events(reply: Reply) -> dict[str, dict[str, Any]]:
    """The records of the platform's events, by type."""
    events = [json.loads(line) for line in reply.log.splitlines() if line.startswith('{"time"')]
    return {event["type"].removeprefix("platform."): event["record"] for event in events}


@pytest.mark.aws(FORMAT)
def test_platform_events_are_json(function):
    reply = function(HANDLER, LoggingConfig={"LogFormat": "JSON"}, MemorySize=160).invoke()
    assert all(json.loads(line)["time"].endswith("Z") for line in reply.log.splitlines())
    found = platform_events(reply)
    assert list(found) == ["initStart", "start", "report"]
    assert found["initStart"]["initializationType"] == "on-demand"
    assert found["initStart"]["phase"] == "init"
    assert found["start"] == {"requestId": reply.request_id, "version": "$LATEST"}
    assert (found["report"]["requestId"], found["report"]["status"]) == (reply.request_id, "success")
    metrics = found["report"]["metrics"]
    assert metrics["memorySizeMB"] == 160
    assert 5 < metrics["maxMemoryUsedMB"] <= 160
    assert metrics["billedDurationMs"] >= metrics["durationMs"] + metrics["initDurationMs"]


@pytest.mark.aws(LEVELS)
def test_debug_level_adds_the_ends_of_init_and_runtime(function):
    logging = {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}
    found = platform_events(function(HANDLER, LoggingConfig=logging).invoke([1, 2]))
    assert list(found) == ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report"]
    assert found["initReport"]["metrics"]["durationMs"] > 0
    assert found["runtimeDone"]["status"] == "success"
    assert found["runtimeDone"]["metrics"]["producedBytes"] == len("[1, 2]")


@pytest.mark.aws(LEVELS)
def test_warn_level_leaves_only_what_went_wrong(function):
    deployed = function(
        "import os, time\ndef handler(event, context):\n    if event: os._exit(3)",
        LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"},
    )
    assert deployed.invoke(False).log == ""
    reply = deployed.invoke(True)
    found = platform_events(reply)
    assert list(found) == ["runtimeDone", "report"]
    assert found["report"]["status"] == "error"
    assert found["report"]["errorType"] == "Runtime.ExitError"


@pytest.mark.aws(FORMAT)
def test_timeout_is_a_status_of_the_report(function):
    deployed = function(
        "import time\ndef handler(event, context): time.sleep(30)", Timeout=1, LoggingConfig={"LogFormat": "JSON"}
    )
    report = platform_events(deployed.invoke())["report"]
    assert (report["status"], report["metrics"]["durationMs"]) == ("timeout", 1000)


@pytest.mark.aws(FORMAT)
def test_init_that_is_repeated_is_an_event_of_the_invocation(function):
    reply = function("import os\nos._exit(1)", LoggingConfig={"LogFormat": "JSON"}).invoke()
    lines = [json.loads(line) for line in reply.log.splitlines()]
    phases = [line["record"]["phase"] for line in lines if line.get("type") == "platform.initReport"]
    assert phases == ["init", "invoke"]
    assert "initDurationMs" not in platform_events(reply)["report"]["metrics"]
    assert platform_events(reply)["initReport"]["status"] == "error"


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_unhandled_exception_is_one_json_object(function):
    deployed = function("def handler(event, context): raise KeyError('boat')", LoggingConfig={"LogFormat": "JSON"})
    reply = deployed.invoke()
    error = next(json.loads(line) for line in reply.log.splitlines() if "KeyError" in line)
    assert (error["level"], error["errorType"], error["errorMessage"]) == ("ERROR", "KeyError", "'boat'")
    assert error["requestId"] == reply.request_id
    assert error["stackTrace"]


@pytest.mark.aws(LEVELS)
def test_levels_below_the_configured_one_are_left_out(function):
    deployed = function(
        """
        import json, logging
        logging.getLogger().setLevel("DEBUG")
        def handler(event, context):
            logging.debug("logged debug")
            logging.info("logged info")
            logging.error("logged error")
            print(json.dumps({"level": "debug", "message": "printed debug"}))
            print(json.dumps({"level": "warn", "message": "printed warn"}))
        """,
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "WARN"},
    )
    messages = [json.loads(line)["message"] for line in deployed.invoke().log.splitlines()]
    assert messages == ["logged error", "printed warn"]


@pytest.mark.aws(GROUP)
@pytest.mark.varies
def test_log_group_can_be_chosen(function, client):
    logs, group = client("logs"), f"/conformance/{uuid.uuid4().hex[:12]}"
    deployed = function(
        "def handler(event, context): return context.log_group_name, context.log_stream_name",
        LoggingConfig={"LogGroup": group},
    )
    named, stream = deployed.invoke().payload
    assert named == group
    assert re.fullmatch(rf"\d{{4}}/\d\d/\d\d/{deployed.name}\[\$LATEST\][0-9a-f]{{32}}", stream)

    def messages() -> list[str]:
        try:
            return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    try:
        assert eventually(lambda: [message for message in messages() if message.startswith("REPORT")])
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.describe_log_streams(logGroupName=f"/aws/lambda/{deployed.name}")
    finally:
        logs.delete_log_group(logGroupName=group)
