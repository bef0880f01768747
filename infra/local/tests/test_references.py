"""Secrets and parameters in the values of a template."""

import json
import uuid

import pytest


@pytest.mark.parametrize("by", ["itself", "substitution"])
def test_each_reference_in_a_value_is_resolved(client, by):
    name = f"references-{uuid.uuid4().hex[:8]}"
    secret = {"username": r"a\1", "password": "b"}
    client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(secret))
    client("ssm").put_parameter(Name=f"/{name}", Value="c", Type="String")
    keys = [f"{{{{resolve:secretsmanager:{name}:SecretString:{key}}}}}" for key in secret]
    value = f"//{keys[0]}:{keys[1]}@{{{{resolve:ssm:/{name}}}}}"
    given = value if by == "itself" else {"Fn::Sub": value + "/${AWS::Region}"}
    made = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": f"/made/{name}", "Value": given}}
    stacks = client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Made": made}}))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    found = client("ssm").get_parameter(Name=f"/made/{name}")["Parameter"]["Value"]
    assert found == r"//a\1:b@c" + ("" if by == "itself" else "/us-east-1")
    stacks.delete_stack(StackName=name)
