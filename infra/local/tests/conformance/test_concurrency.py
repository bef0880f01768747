"""Environments side by side, and the limits on their number."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from running import eventually

from functions import Reply

MEET = """
import os, time
def handler(event, context):
    time.sleep(event)
    return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
"""


@pytest.mark.aws("lambda/latest/dg/lambda-concurrency.html")
def test_simultaneous_invocations_have_an_environment_each(function):
    deployed = function(MEET, Timeout=20)
    with ThreadPoolExecutor(4) as pool:
        streams = [reply.payload for reply in pool.map(deployed.invoke, [3] * 4)]
        assert len(set(streams)) == 4
    assert deployed.invoke(0).payload in streams


@pytest.mark.aws("lambda/latest/dg/configuration-concurrency.html")
@pytest.mark.varies
def test_reserved_concurrency_is_a_limit(function):
    deployed = function(MEET, Timeout=20)
    deployed.client.put_function_concurrency(FunctionName=deployed.name, ReservedConcurrentExecutions=1)

    def throttled() -> ClientError | None:
        try:
            deployed.invoke(0)
        except ClientError as error:
            return error
        return None

    def occupy() -> Reply | None:
        try:
            return deployed.invoke(5)
        except ClientError:
            return None  # one of the others has the only environment at this moment

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(eventually, occupy)
        error = eventually(throttled).response
        assert error["Error"]["Code"] == "TooManyRequestsException"
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert error["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert running.result().error is None
    assert deployed.invoke(0).error is None


@pytest.mark.aws("lambda/latest/dg/configuration-concurrency.html")
def test_no_reserved_concurrency_stops_the_function(function):
    deployed = function(MEET)
    deployed.client.put_function_concurrency(FunctionName=deployed.name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        deployed.invoke(0)


@pytest.mark.aws("lambda/latest/dg/provisioned-concurrency.html")
def test_provisioned_environments_are_initialised_beforehand(function):
    deployed = function("import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']")
    version = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    target = {"FunctionName": deployed.name, "Qualifier": version}
    deployed.client.put_provisioned_concurrency_config(**target, ProvisionedConcurrentExecutions=1)

    def ready() -> bool:
        config = deployed.client.get_provisioned_concurrency_config(**target)
        return config["Status"] == "READY"

    eventually(ready, 180)
    reply = deployed.invoke(Qualifier=version)
    assert reply.payload == "provisioned-concurrency"


@pytest.mark.aws("lambda/latest/dg/configuration-versions.html")
@pytest.mark.varies
def test_update_lets_a_running_invocation_finish(function):
    deployed = function(MEET, Timeout=20)
    deployed.invoke(0)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(deployed.invoke, 2)
        deployed.configure(Environment={"Variables": {"NEW": "1"}})
        assert running.result().error is None


@pytest.mark.aws("lambda/latest/dg/configuration-concurrency.html")
def test_function_runs_again_without_its_limit(function):
    deployed = function(MEET)
    deployed.client.put_function_concurrency(FunctionName=deployed.name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        deployed.invoke(0)
    deployed.client.delete_function_concurrency(FunctionName=deployed.name)
    assert deployed.invoke(0).error is None


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_failure_in_one_environment_leaves_others_alone(function):
    deployed = function(
        """
        import os, time
        def handler(event, context):
            if event: os._exit(1)
            time.sleep(0.5)
            return "whole"
        """
    )
    with ThreadPoolExecutor(2) as pool:
        whole, failed = pool.submit(deployed.invoke, False), pool.submit(deployed.invoke, True)
        assert failed.result().payload["errorType"] == "Runtime.ExitError"
        assert whole.result().payload == "whole"
