"""What a synchronous invocation takes and gives."""

import base64
import json

import pytest
from botocore.exceptions import ClientError

ECHO = "def handler(event, context): return event"
MEGABYTE = 1 << 20


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
@pytest.mark.parametrize("event", [None, True, 7, 0.5, "text", [1, [2]], {"a": {"b": None}}])
def test_returns_what_the_handler_returns(function, event):
    reply = function(ECHO).invoke(event)
    assert (reply.status, reply.error, reply.payload) == (200, None, event)


@pytest.mark.aws("lambda/latest/dg/python-context.html")
def test_context_describes_function_and_invocation(function):
    deployed = function(
        """
        def handler(event, context):
            names = ("function_name", "function_version", "invoked_function_arn",
                     "memory_limit_in_mb", "aws_request_id", "log_group_name", "log_stream_name")
            return {name: getattr(context, name) for name in names}
        """,
        MemorySize=256,
    )
    reply = deployed.invoke()
    context = reply.payload
    assert context["function_name"] == deployed.name
    assert context["function_version"] == "$LATEST"
    assert context["invoked_function_arn"].endswith(f":function:{deployed.name}")
    assert context["memory_limit_in_mb"] == "256"
    assert context["aws_request_id"] == reply.request_id
    assert context["log_group_name"] == f"/aws/lambda/{deployed.name}"
    assert "[$LATEST]" in context["log_stream_name"]


@pytest.mark.aws("lambda/latest/dg/python-context.html")
@pytest.mark.varies
def test_context_knows_the_time_that_is_left(function):
    deployed = function(
        """
        import time
        def handler(event, context):
            before = context.get_remaining_time_in_millis()
            time.sleep(0.2)
            return before, context.get_remaining_time_in_millis()
        """,
        Timeout=50,
    )
    for _ in range(2):  # each invocation has its own deadline
        before, after = deployed.invoke().payload
        assert 40_000 < before <= 50_000
        assert 150 < before - after < 10_000


@pytest.mark.aws("lambda/latest/api/API_Invoke.html")
def test_client_context_reaches_the_handler(function):
    deployed = function("def handler(event, context): return context.client_context.custom")
    given = base64.b64encode(json.dumps({"custom": {"name": "Zoë 東京"}}).encode()).decode()
    assert deployed.invoke(ClientContext=given).payload == {"name": "Zoë 東京"}


@pytest.mark.aws("lambda/latest/api/API_Invoke.html")
def test_dry_run_runs_nothing(function):
    reply = function(ECHO).invoke({}, InvocationType="DryRun")
    assert (reply.status, reply.payload) == (204, None)


@pytest.mark.aws("lambda/latest/dg/configuration-versions.html")
def test_published_version_keeps_its_code(function):
    deployed = function("def handler(event, context): return context.function_version, 'old'")
    version = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    deployed.update("def handler(event, context): return context.function_version, 'new'")
    reply = deployed.invoke(Qualifier=version)
    assert (reply.version, reply.payload) == (version, [version, "old"])
    assert deployed.invoke().payload == ["$LATEST", "new"]


@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
def test_changed_configuration_is_there_in_the_next_invocation(function):
    deployed = function(
        "import os\ndef handler(event, context): return os.environ['COLOUR']",
        variables={"COLOUR": "red"},
    )
    assert deployed.invoke().payload == "red"
    deployed.configure(Environment={"Variables": {"COLOUR": "grün"}})
    assert deployed.invoke().payload == "grün"


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
def test_text_of_any_script_survives(function):
    text = "Zoë 東京 🚢 \u2028 \x00 \\ \" ' </script>"
    deployed = function("def handler(event, context): return {'text': event, 'length': len(event)}")
    assert deployed.invoke(text).payload == {"text": text, "length": len(text)}


@pytest.mark.aws("lambda/latest/dg/gettingstarted-limits.html")
def test_payloads_of_nearly_six_megabytes_pass(function):
    text = "x" * (6 * MEGABYTE - 100)
    assert function(ECHO, Timeout=30).invoke(text).payload == text


@pytest.mark.aws("lambda/latest/dg/gettingstarted-limits.html")
@pytest.mark.parametrize(("mode", "limit"), [("RequestResponse", 6 * MEGABYTE), ("Event", MEGABYTE)])
def test_larger_requests_are_refused(function, mode, limit):
    with pytest.raises(ClientError) as caught:
        function(ECHO).invoke("x" * limit, InvocationType=mode)
    assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.aws("lambda/latest/dg/gettingstarted-limits.html")
@pytest.mark.varies
def test_larger_responses_are_errors(function):
    deployed = function("def handler(event, context): return 'x' * event", Timeout=30, MemorySize=256)
    reply = deployed.invoke(6 * MEGABYTE + 200)
    assert (reply.error, reply.payload["errorType"]) == (
        "Unhandled",
        "Function.ResponseSizeTooLarge",
    )
    assert deployed.invoke(3).payload == "xxx"


@pytest.mark.aws("lambda/latest/api/API_Invoke.html")
def test_a_request_that_is_no_json_is_refused(function):
    with pytest.raises(ClientError) as caught:
        function(ECHO).invoke(Payload=b"{'single': 'quotes'}")
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


@pytest.mark.aws("lambda/latest/api/API_Invoke.html")
@pytest.mark.parametrize("mode", ["RequestResponse", "Event"])
def test_no_payload_is_an_empty_object(function, client, mode):
    deployed = function("def handler(event, context): print('got', event); return event")
    answer = deployed.client.invoke(FunctionName=deployed.name, InvocationType=mode)
    if mode == "RequestResponse":
        assert json.loads(answer["Payload"].read()) == {}
    else:
        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
        assert "ExecutedVersion" not in answer


@pytest.mark.aws("lambda/latest/api/API_Invoke.html")
def test_log_is_returned_only_on_request(function):
    deployed = function(ECHO)
    assert deployed.invoke(LogType="None").log == ""
    assert "REPORT" in deployed.invoke(LogType="Tail").log


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
def test_answer_is_json_as_python_writes_it(function):
    deployed = function("from decimal import Decimal\ndef handler(event, context): return eval(event)")
    answers = {
        "None": b"null",
        "(1, 'two')": b'[1, "two"]',
        "{1: True}": b'{"1": true}',
        "float('nan')": b"NaN",
        "float('-inf')": b"-Infinity",
        "Decimal('1.50')": b"1.50",
        "{'b': 1, 'a': 2}": b'{"b": 1, "a": 2}',
        "b'as it is'": b"as it is",
    }
    for expression, answer in answers.items():
        got = deployed.client.invoke(FunctionName=deployed.name, Payload=json.dumps(expression))
        assert got["Payload"].read() == answer, expression


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
def test_numbers_and_keys_of_the_event_survive(function):
    payload = '{"long": 123456789012345678901234567890, "small": 1e-7, "": [[]], "a": 1, "a": 2}'
    answer = function(ECHO).invoke(Payload=payload).payload
    assert answer == {"long": 123456789012345678901234567890, "small": 1e-7, "": [[]], "a": 2}


@pytest.mark.aws("lambda/latest/dg/gettingstarted-limits.html")
def test_events_of_nearly_one_megabyte_pass(function, client):
    deployed = function("def handler(event, context): print('length', len(event))")
    assert deployed.send("x" * (MEGABYTE - 100)) == 202
