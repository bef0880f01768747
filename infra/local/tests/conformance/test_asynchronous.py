"""Event invocations: retries, destinations and the dead-letter queue."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from running import eventually

RETRIES_SECONDS = 240  # AWS waits one minute, then two


@dataclass(frozen=True)
class Queue:
    """An SQS queue to look for what Lambda sends."""

    client: Any
    url: str
    arn: str

    def message(self) -> dict[str, Any]:
        """The next message: its body and its attributes."""

        def receive() -> dict[str, Any] | None:
            answer = self.client.receive_message(QueueUrl=self.url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
            return next(iter(answer.get("Messages", [])), None)

        return eventually(receive, RETRIES_SECONDS)


@pytest.fixture
def queue(client) -> Iterator[Callable[[], Queue]]:
    sqs = client("sqs")
    made: list[str] = []

    def create() -> Queue:
        url = sqs.create_queue(QueueName=f"conformance-{uuid.uuid4().hex[:12]}")["QueueUrl"]
        made.append(url)
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return Queue(sqs, url, attributes["Attributes"]["QueueArn"])

    yield create
    for url in made:
        sqs.delete_queue(QueueUrl=url)


@pytest.mark.aws("lambda/latest/dg/invocation-async-retain-records.html")
def test_success_goes_to_its_destination(function, queue):
    deployed, successes = function("def handler(event, context): return {'got': event}"), queue()
    deployed.client.put_function_event_invoke_config(
        FunctionName=deployed.name,
        DestinationConfig={"OnSuccess": {"Destination": successes.arn}},
    )
    assert deployed.send({"name": "Zoë"}) == 202
    record = json.loads(successes.message()["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"name": "Zoë"}
    assert record["responseContext"]["statusCode"] == 200
    assert record["responsePayload"] == {"got": {"name": "Zoë"}}


@pytest.mark.timeout(300)
@pytest.mark.aws("lambda/latest/dg/invocation-async-error-handling.html")
def test_failure_is_retried_twice_and_goes_to_its_destination(function, queue):
    failures = queue()
    deployed = function(
        """
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            raise ValueError(f"call {calls}")
        """
    )
    deployed.client.put_function_event_invoke_config(
        FunctionName=deployed.name, DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    deployed.send({"a": 1})
    record = json.loads(failures.message()["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"a": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"] == "call 3"


@pytest.mark.aws("lambda/latest/dg/invocation-async-configuring.html")
def test_number_of_retries_can_be_set(function, queue):
    deployed, failures = function("def handler(event, context): raise ValueError"), queue()
    deployed.client.put_function_event_invoke_config(
        FunctionName=deployed.name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    deployed.send({})
    record = json.loads(failures.message()["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 1


@pytest.mark.aws("lambda/latest/dg/invocation-async-retain-records.html")
def test_failed_event_goes_to_the_dead_letter_queue(function, queue):
    dead = queue()
    deployed = function(
        "def handler(event, context): raise ValueError('sunk')",
        DeadLetterConfig={"TargetArn": dead.arn},
    )
    deployed.client.put_function_event_invoke_config(FunctionName=deployed.name, MaximumRetryAttempts=0)
    deployed.send({"passenger": 1})
    message = dead.message()
    assert json.loads(message["Body"]) == {"passenger": 1}
    assert message["MessageAttributes"].keys() >= {"RequestID", "ErrorCode", "ErrorMessage"}


@pytest.mark.aws("lambda/latest/dg/invocation-async-error-handling.html")
def test_process_that_is_lost_counts_as_failure(function, queue):
    deployed, failures = function("import os\ndef handler(event, context): os._exit(1)"), queue()
    deployed.client.put_function_event_invoke_config(
        FunctionName=deployed.name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    deployed.send({})
    record = json.loads(failures.message()["Body"])
    assert record["responsePayload"]["errorType"] == "Runtime.ExitError"


@pytest.mark.aws("lambda/latest/dg/invocation-async-error-handling.html")
def test_event_for_a_stopped_function_goes_to_its_destination(function, queue):
    deployed, failures = function("def handler(event, context): return 1"), queue()
    deployed.client.put_function_event_invoke_config(
        FunctionName=deployed.name, DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    deployed.client.put_function_concurrency(FunctionName=deployed.name, ReservedConcurrentExecutions=0)
    assert deployed.send({"late": True}) == 202
    record = json.loads(failures.message()["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestPayload"] == {"late": True}


@pytest.mark.aws("lambda/latest/dg/invocation-async-retain-records.html")
def test_destination_may_be_a_function(function, queue):
    arrived = queue()
    second = function("def handler(event, context): return event['responsePayload']")
    first = function("def handler(event, context): return event + 1")
    chain = [(first, second.client.get_function_configuration(FunctionName=second.name)["FunctionArn"])]
    for deployed, target in [*chain, (second, arrived.arn)]:
        deployed.client.put_function_event_invoke_config(
            FunctionName=deployed.name, DestinationConfig={"OnSuccess": {"Destination": target}}
        )
    assert first.send(41) == 202
    assert json.loads(arrived.message()["Body"])["responsePayload"] == 42


@pytest.mark.aws("lambda/latest/api/API_PutFunctionEventInvokeConfig.html")
@pytest.mark.parametrize(
    "settings", [{"MaximumRetryAttempts": 3}, {"MaximumEventAgeInSeconds": 59}, {"MaximumEventAgeInSeconds": 21601}]
)
def test_retries_and_age_have_limits(function, settings):
    deployed = function("")
    with pytest.raises((ClientError, ParamValidationError)):
        deployed.client.put_function_event_invoke_config(FunctionName=deployed.name, **settings)
