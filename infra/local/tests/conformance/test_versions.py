"""Versions, aliases and the names that a function goes by."""

import base64
import hashlib

import pytest
from botocore.exceptions import ClientError

from functions import archive

WHO = """
import os
def handler(event, context):
    return context.invoked_function_arn.split(":", 6)[6], os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
"""
VERSIONS = "lambda/latest/dg/configuration-versions.html"
ALIASES = "lambda/latest/dg/configuration-aliases.html"
INVOKE = "lambda/latest/api/API_Invoke.html"


@pytest.mark.aws(ALIASES)
def test_alias_runs_the_version_that_it_names(function):
    deployed = function(WHO)
    version = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    deployed.client.create_alias(FunctionName=deployed.name, Name="live", FunctionVersion=version)
    reply = deployed.invoke(Qualifier="live")
    assert reply.payload == [f"{deployed.name}:live", version]
    assert reply.version == version


@pytest.mark.aws(ALIASES)
def test_alias_that_is_moved_runs_the_other_version(function):
    deployed = function("def handler(event, context): return 'old'")
    old = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    deployed.client.create_alias(FunctionName=deployed.name, Name="live", FunctionVersion=old)
    assert deployed.invoke(Qualifier="live").payload == "old"
    deployed.update("def handler(event, context): return 'new'")
    new = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    assert deployed.invoke(Qualifier="live").payload == "old"
    deployed.client.update_alias(FunctionName=deployed.name, Name="live", FunctionVersion=new)
    assert deployed.invoke(Qualifier="live").payload == "new"


@pytest.mark.aws(ALIASES)
def test_alias_gives_a_share_to_a_second_version_and_takes_it_back(function):
    deployed = function("def handler(event, context): return 'old'")
    old = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    deployed.client.create_alias(FunctionName=deployed.name, Name="live", FunctionVersion=old)
    deployed.update("def handler(event, context): return 'new'")
    new = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    live = {"FunctionName": deployed.name, "Name": "live"}
    deployed.client.update_alias(**live, RoutingConfig={"AdditionalVersionWeights": {new: 0.5}})
    assert {deployed.invoke(Qualifier="live").payload for _ in range(40)} == {"old", "new"}
    deployed.client.update_alias(**live, RoutingConfig={"AdditionalVersionWeights": {}})
    assert {deployed.invoke(Qualifier="live").payload for _ in range(20)} == {"old"}


@pytest.mark.aws(ALIASES)
def test_alias_gives_no_share_to_a_version_that_is_not_there(function):
    deployed = function("def handler(event, context): return 'old'")
    old = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    deployed.client.create_alias(FunctionName=deployed.name, Name="live", FunctionVersion=old)
    for unknown in ("99", old):
        with pytest.raises(ClientError):
            deployed.client.update_alias(
                FunctionName=deployed.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {unknown: 0.5}}
            )


@pytest.mark.aws(VERSIONS)
def test_version_has_a_log_stream_of_its_own(function):
    deployed = function("def handler(event, context): return context.log_stream_name")
    version = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    assert f"[{version}]" in deployed.invoke(Qualifier=version).payload
    assert "[$LATEST]" in deployed.invoke().payload


@pytest.mark.aws(VERSIONS)
def test_version_is_published_once_for_the_same_code(function):
    deployed = function(WHO)
    versions = [deployed.client.publish_version(FunctionName=deployed.name)["Version"] for _ in range(2)]
    assert versions == ["1", "1"]


@pytest.mark.aws(VERSIONS)
def test_version_keeps_its_configuration(function):
    deployed = function(
        "import os\ndef handler(event, context): return os.environ['COLOUR'], context.memory_limit_in_mb",
        variables={"COLOUR": "red"},
        MemorySize=192,
    )
    version = deployed.client.publish_version(FunctionName=deployed.name)["Version"]
    deployed.configure(Environment={"Variables": {"COLOUR": "blue"}}, MemorySize=256)
    assert deployed.invoke(Qualifier=version).payload == ["red", "192"]
    assert deployed.invoke().payload == ["blue", "256"]


@pytest.mark.aws(INVOKE)
def test_function_may_be_named_by_its_arn(function):
    deployed = function(WHO)
    arn = deployed.client.get_function_configuration(FunctionName=deployed.name)["FunctionArn"]
    account = arn.split(":")[4]
    for name in (arn, f"{arn}:$LATEST", f"{account}:{deployed.name}", f"{deployed.name}:$LATEST"):
        answer = deployed.client.invoke(FunctionName=name)
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST"), name


@pytest.mark.aws(INVOKE)
@pytest.mark.parametrize("mode", ["RequestResponse", "Event", "DryRun"])
def test_unknown_function_is_not_found(client, mode):
    with pytest.raises(ClientError) as caught:
        client("lambda").invoke(FunctionName="conformance-not-there", InvocationType=mode)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert "function:conformance-not-there" in caught.value.response["Error"]["Message"]


@pytest.mark.aws(INVOKE)
@pytest.mark.parametrize("qualifier", ["7", "absent"])
def test_unknown_version_or_alias_is_not_found(function, qualifier):
    deployed = function(WHO)
    with pytest.raises(ClientError) as caught:
        deployed.invoke(Qualifier=qualifier)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert f"{deployed.name}:{qualifier}" in caught.value.response["Error"]["Message"]


@pytest.mark.aws("lambda/latest/api/API_FunctionConfiguration.html")
def test_digest_of_the_code_is_known(function):
    deployed = function(WHO)
    package = archive("def handler(event, context): return 2")
    updated = deployed.client.update_function_code(FunctionName=deployed.name, ZipFile=package)
    assert base64.b64decode(updated["CodeSha256"]) == hashlib.sha256(package).digest()
    assert updated["CodeSize"] == len(package)
    assert deployed.settled().invoke().payload == 2
