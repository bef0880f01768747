"""What cannot run here is refused at deployment, in words."""

import json
import platform
from typing import Any

import pytest
from botocore.exceptions import ClientError
from running import RUNTIME

SOURCE = "def handler(event, context): return 1"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tracing:3"
OTHER = "arm64" if platform.machine() == "x86_64" else "x86_64"


@pytest.mark.parametrize(
    ("settings", "seen", "remedy"),
    [
        ({"Runtime": "python3.9"}, "runtime python3.9", f"here are {RUNTIME}, "),
        ({"Runtime": "nodejs4.3"}, "runtime nodejs4.3", "or install its interpreter"),
        ({"Architectures": [OTHER]}, f"architecture {OTHER}", "set Architectures to"),
        ({"Layers": [LAYER]}, f"layer {LAYER}", "publish it here"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart", "set ApplyOn to None"),
        ({"PackageType": "Image", "Code": {"ImageUri": "a/b:1"}}, "container image", f"deploy one for {RUNTIME}"),
    ],
)
def test_function_that_cannot_run_is_refused(function, settings: dict[str, Any], seen: str, remedy: str) -> None:
    with pytest.raises(ClientError) as caught:
        function(SOURCE, FunctionName="conformance-refused", **settings)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"].startswith("conformance-refused asks for ")
    assert seen in error["Message"]
    assert remedy in error["Message"]


@pytest.mark.parametrize("settings", [{"Layers": [LAYER]}, {"Runtime": "ruby3.3"}])
def test_update_that_cannot_run_is_refused_and_changes_nothing(function, settings: dict[str, Any]) -> None:
    deployed = function(SOURCE)
    with pytest.raises(ClientError, match=f"{deployed.name} asks for"):
        deployed.configure(**settings)
    assert deployed.invoke().payload == 1


def test_code_for_another_architecture_is_refused(function) -> None:
    deployed = function(SOURCE)
    with pytest.raises(ClientError, match=f"architecture {OTHER}"):
        deployed.client.update_function_code(FunctionName=deployed.name, ZipFile=b"unread", Architectures=[OTHER])


def test_response_streaming_is_refused(function) -> None:
    deployed = function(SOURCE)
    streamed = {"FunctionName": deployed.name, "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}
    with pytest.raises(ClientError, match="InvokeMode BUFFERED"):
        deployed.client.create_function_url_config(**streamed)
    with pytest.raises(ClientError, match="use Invoke"):
        deployed.client.invoke_with_response_stream(FunctionName=deployed.name)


def test_stack_with_a_function_that_cannot_run_says_why(client) -> None:
    properties = {"Runtime": "nodejs16.x", "Handler": "index.handler", "Code": {"ZipFile": "0"}}
    properties["Role"] = "arn:aws:iam::000000000000:role/conformance"
    template = {"Resources": {"Boat": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    formation = client("cloudformation")
    stack = formation.create_stack(StackName="conformance-refused", TemplateBody=json.dumps(template))["StackId"]
    try:
        with pytest.raises(Exception, match="CREATE_FAILED"):
            formation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
        events = formation.describe_stack_events(StackName=stack)["StackEvents"]
        assert any("asks for runtime nodejs16.x" in event.get("ResourceStatusReason", "") for event in events)
    finally:
        formation.delete_stack(StackName=stack)
