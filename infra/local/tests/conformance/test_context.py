"""What the context object and the headers of an invocation tell the handler."""

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

CONTEXT = "lambda/latest/dg/python-context.html"
INVOKE = "lambda/latest/api/API_Invoke.html"
TRACING = "lambda/latest/dg/services-xray.html"


def encoded(context: object) -> str:
    return base64.b64encode(json.dumps(context).encode()).decode()


@pytest.mark.aws(CONTEXT)
def test_client_context_has_client_and_environment(function):
    deployed = function(
        """
        def handler(event, context):
            given = context.client_context
            return given.client.app_title, given.client.installation_id, given.env, given.custom
        """
    )
    given = {"client": {"app_title": "Deck", "installation_id": "7"}, "env": {"locale": "sv"}}
    assert deployed.invoke(ClientContext=encoded(given)).payload == ["Deck", "7", {"locale": "sv"}, None]


@pytest.mark.aws(CONTEXT)
def test_client_context_is_of_one_invocation(function):
    deployed = function("def handler(event, context): return context.client_context is None")
    assert deployed.invoke(ClientContext=encoded({"custom": {}})).payload is False
    assert deployed.invoke().payload is True


@pytest.mark.aws(INVOKE)
@pytest.mark.parametrize("given", ["not base64!", base64.b64encode(b"no json").decode(), encoded([1])])
def test_client_context_that_is_no_json_object_is_refused(function, given):
    with pytest.raises(ClientError) as caught:
        function("def handler(event, context): return 1").invoke(ClientContext=given)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.aws(CONTEXT)
def test_identity_is_empty_without_cognito(function):
    reply = function(
        """
        def handler(event, context):
            return context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id
        """
    ).invoke()
    assert reply.payload == [None, None]


@pytest.mark.aws(TRACING)
def test_each_invocation_has_a_trace_of_its_own(function):
    deployed = function("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
    traces = [deployed.invoke().payload for _ in range(2)]
    pattern = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01](;.*)?"
    assert all(re.fullmatch(pattern, trace) for trace in traces), traces
    assert len(set(traces)) == 2


@pytest.mark.aws(TRACING)
def test_trace_of_the_caller_goes_on(function):
    deployed = function("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
    root = "1-5759e988-bd862e3fe1be46a994272793"

    def trace(request, **_):
        request.headers["X-Amzn-Trace-Id"] = f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"

    events = deployed.client.meta.events
    events.register("before-sign.lambda.Invoke", trace)
    try:
        assert deployed.invoke().payload.startswith(f"Root={root};")
    finally:
        events.unregister("before-sign.lambda.Invoke", trace)


@pytest.mark.aws("lambda/latest/dg/configuration-timeout.html")
@pytest.mark.varies
def test_new_timeout_is_the_next_deadline(function):
    deployed = function("def handler(event, context): return context.get_remaining_time_in_millis()", Timeout=10)
    assert deployed.invoke().payload <= 10_000
    deployed.configure(Timeout=50)
    assert 40_000 < deployed.invoke().payload <= 50_000


@pytest.mark.aws(INVOKE)
def test_request_id_of_the_answer_is_the_handlers(function):
    deployed = function("def handler(event, context): return context.aws_request_id")
    replies = [deployed.invoke() for _ in range(2)]
    assert [reply.payload for reply in replies] == [reply.request_id for reply in replies]
    assert replies[0].request_id != replies[1].request_id
