"""The Runtime API, as a runtime other than AWS's own may use it."""

import pytest

API = "lambda/latest/dg/runtimes-api.html"
# In place of the runtime client's: asks for one event after another and answers as `answer` says.
RUNTIME = """
import http.client, json, os, sys
def call(method, path, body=None, headers={}, **how):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, path, body, headers, **how)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()
while True:
    _, headers, event = call("GET", "/2018-06-01/runtime/invocation/next")
    here = "/2018-06-01/runtime/invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
"""


@pytest.fixture
def runtime(function):
    """Deploys a function whose wrapper script starts another runtime, with this as the end of its loop."""

    def deploy(answer: str, **settings):
        program = RUNTIME + "".join(f"    {line}\n" for line in answer.splitlines())
        wrapper = b'#!/bin/sh\nexec "$1" "$LAMBDA_TASK_ROOT/runtime.py"\n'
        files = {"runtime.py": program.encode(), "start.sh": wrapper}
        return function("", files, variables={"AWS_LAMBDA_EXEC_WRAPPER": "./start.sh"}, **settings)

    return deploy


@pytest.mark.aws(API)
def test_response_may_come_in_chunks(runtime):
    chunks = 'call("POST", here + "/response", iter([b\'{"got": \', event, b"}"]), encode_chunked=True)'
    deployed = runtime(chunks)
    assert deployed.invoke("first").payload == {"got": "first"}
    assert deployed.invoke("x" * (1 << 20)).payload == {"got": "x" * (1 << 20)}


@pytest.mark.aws(API)
def test_response_may_come_in_thousands_of_chunks(runtime):
    many = "pieces = (event[at : at + 1024] for at in range(0, len(event), 1024))\n"
    deployed = runtime(many + 'call("POST", here + "/response", pieces, encode_chunked=True)')
    text = "0" * (5 << 20)
    assert deployed.invoke(text).payload == text


@pytest.mark.aws(API)
def test_chunks_without_a_size_are_refused(runtime):
    body, headers = r'b"no size\r\n\r\n"', '{"Transfer-Encoding": "chunked"}'
    broken = f'status, _, _ = call("POST", here + "/response", {body}, {headers})\n'
    assert runtime(broken + 'call("POST", here + "/response", str(status))').invoke().payload == 400


@pytest.mark.aws(API)
def test_error_of_an_invocation_is_what_the_runtime_posts(runtime):
    error = '{"errorType": "Boat.Leaks", "errorMessage": "much"}'
    reply = runtime(f"call('POST', here + '/error', '{error}')").invoke()
    assert (reply.error, reply.payload) == ("Unhandled", {"errorType": "Boat.Leaks", "errorMessage": "much"})


@pytest.mark.aws(API)
def test_response_to_an_unknown_request_is_refused(runtime):
    refused = 'status, _, _ = call("POST", here + "0/response", "1")\ncall("POST", here + "/response", str(status))'
    assert runtime(refused).invoke().payload == 400


@pytest.mark.aws(API)
@pytest.mark.varies
def test_event_comes_with_its_deadline_function_and_trace(runtime):
    deployed = runtime('call("POST", here + "/response", json.dumps(headers))', Timeout=7)
    headers = deployed.invoke().payload
    assert headers["Lambda-Runtime-Invoked-Function-Arn"].endswith(f":function:{deployed.name}")
    assert headers["Lambda-Runtime-Trace-Id"].startswith("Root=1-")
    assert int(headers["Lambda-Runtime-Deadline-Ms"]) > 1_700_000_000_000


@pytest.mark.embedded
@pytest.mark.aws("lambda/latest/dg/runtimes-extensions-api.html")
def test_extension_is_told_that_it_cannot_register(runtime):
    register = 'answer = call("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "spy"})\n'
    reply = runtime(register + 'call("POST", here + "/response", json.dumps([answer[0], answer[2].decode()]))').invoke()
    status, body = reply.payload
    assert status == 404
    assert "extensions and telemetry run on AWS only" in body
