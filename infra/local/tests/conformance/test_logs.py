"""What is logged, where, and what the REPORT line says."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from running import eventually


@pytest.fixture
def events(client) -> Callable[..., list[dict[str, Any]]]:
    """The log events of a function, once one of them contains a text."""

    def read(function, text: str) -> list[dict[str, Any]]:
        group = f"/aws/lambda/{function.name}"
        logs = client("logs")

        def found() -> list[dict[str, Any]] | None:
            try:
                entries = logs.filter_log_events(logGroupName=group)["events"]
            except logs.exceptions.ResourceNotFoundException:
                return None
            return entries if any(text in entry["message"] for entry in entries) else None

        return eventually(found, 60)

    return read


@pytest.mark.aws("lambda/latest/api/API_Invoke.html")
@pytest.mark.varies
def test_log_result_is_the_last_four_kilobytes(function):
    deployed = function(
        """
        def handler(event, context):
            for number in range(1000): print(f"line {number} é")
        """
    )
    reply = deployed.invoke()
    assert len(reply.log.encode()) <= 4096 + 3  # one cut character may have been replaced
    assert "line 999 é" in reply.log
    assert "line 0 é" not in reply.log
    assert reply.log.strip().splitlines()[-1].startswith("REPORT")


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_tail_holds_start_output_end_and_report_in_order(function):
    reply = function(
        """
        import sys
        def handler(event, context):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            sys.stdout.write("no newline")
        """
    ).invoke()
    assert [line.split(" ")[0] for line in reply.log.splitlines()] == [
        "START",
        "to",
        "to",
        "no",
        "END",
        "REPORT",
    ]
    assert f"START RequestId: {reply.request_id} Version: $LATEST" in reply.log
    assert f"END RequestId: {reply.request_id}" in reply.log


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_report_says_what_the_invocation_took(function):
    deployed = function("import time\ntime.sleep(0.1)\ndef handler(event, context): time.sleep(0.2)", MemorySize=160)
    first, second = deployed.invoke().report, deployed.invoke().report
    duration = float(first["Duration"].removesuffix(" ms"))
    init = float(first["Init Duration"].removesuffix(" ms"))
    assert 200 <= duration < 5000
    assert init >= 100
    billed = int(first["Billed Duration"].removesuffix(" ms"))
    assert duration + init <= billed <= duration + init + 1
    assert first["Memory Size"] == "160 MB"
    assert 5 < int(first["Max Memory Used"].removesuffix(" MB")) <= 160
    assert "Init Duration" not in second
    assert "Status" not in second


@pytest.mark.aws("lambda/latest/dg/monitoring-cloudwatchlogs-view.html")
def test_events_are_in_the_stream_of_the_environment(function, events):
    deployed = function("def handler(event, context): print(event); return context.log_stream_name")
    stream = deployed.invoke("Grüße").payload
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    found = events(deployed, "REPORT")
    assert {event["logStreamName"] for event in found} == {stream}
    messages = [event["message"] for event in found if "INIT_START" not in event["message"]]
    assert [message.split()[0] for message in messages] == ["START", "Grüße", "END", "REPORT"]
    stamps = [event["timestamp"] for event in found]
    assert stamps == sorted(stamps)


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_stack_trace_is_one_event(function, events):
    deployed = function("def handler(event, context): raise ValueError('once')")
    deployed.invoke()
    found = [e["message"] for e in events(deployed, "REPORT") if "ValueError" in e["message"]]
    assert len(found) == 1
    assert "[ERROR] ValueError: once" in found[0]
    assert "Traceback" in found[0]
    assert "line 1, in handler" in found[0]


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_logging_module_writes_level_time_and_request(function):
    reply = function(
        """
        import logging
        logging.getLogger().setLevel("INFO")
        def handler(event, context): logging.info("two\\nlines")
        """
    ).invoke()
    pattern = rf"\[INFO\]\t\d{{4}}-\d\d-\d\dT[\d:.]+Z\t{reply.request_id}\ttwo\nlines"
    assert re.search(pattern, reply.log)


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
@pytest.mark.varies
def test_structured_logging(function):
    reply = function(
        """
        import logging
        def handler(event, context):
            logging.getLogger("boat").warning("low", extra={"seats": 3})
            logging.getLogger("boat").debug("hidden")
        """,
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
    ).invoke()
    records = [json.loads(line) for line in reply.log.splitlines() if line.startswith("{")]
    record = next(record for record in records if record.get("message") == "low")
    assert (record["level"], record["logger"], record["seats"]) == ("WARN", "boat", 3) or (
        record["level"],
        record["logger"],
        record["seats"],
    ) == ("WARNING", "boat", 3)
    assert record["requestId"] == reply.request_id
    assert "hidden" not in reply.log


@pytest.mark.aws("lambda/latest/dg/monitoring-cloudwatchlogs-view.html")
def test_log_shows_while_the_function_runs(function, events, client):
    deployed = function(
        """
        import time
        def handler(event, context):
            print("under way")
            time.sleep(6)
        """,
        Timeout=20,
    )
    deployed.send({})
    found = events(deployed, "under way")
    assert not [event for event in found if event["message"].startswith("REPORT")]


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_output_of_children_and_of_any_bytes_is_logged(function):
    reply = function(
        """
        import os, subprocess
        def handler(event, context):
            subprocess.run(["sh", "-c", "echo from a child; echo its errors >&2"])
            os.write(1, b"not \\xff UTF-8\\n")
        """
    ).invoke()
    assert [line for line in reply.log.splitlines() if line.startswith(("from", "its", "not"))] == [
        "from a child",
        "its errors",
        "not \ufffd UTF-8",
    ]


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_lines_are_events_and_empty_ones_are_left_out(function, events):
    deployed = function("def handler(event, context): print('one\\n\\ntwo\\n')")
    deployed.invoke()
    found = [event["message"].rstrip("\n") for event in events(deployed, "REPORT")]
    assert found[1:3] == ["one", "two"]
    assert found[3].startswith("END")


@pytest.mark.aws("lambda/latest/dg/python-logging.html")
def test_logging_below_warning_is_left_out_unless_configured(function):
    reply = function(
        """
        import logging
        def handler(event, context):
            logging.info("hidden")
            logging.warning("shown")
        """
    ).invoke()
    assert "hidden" not in reply.log
    assert "[WARNING]" in reply.log


@pytest.mark.aws("lambda/latest/dg/monitoring-cloudwatchlogs-view.html")
def test_output_of_init_comes_before_the_first_start(function, events):
    deployed = function("print('importing')\ndef handler(event, context): pass")
    for _ in range(2):
        deployed.invoke()
    messages = [event["message"].strip() for event in events(deployed, "REPORT")]
    assert messages.count("importing") == 1
    assert messages.index("importing") < next(i for i, text in enumerate(messages) if text.startswith("START"))
