"""RECORDED_CALLS: what is called with a role is written down, with the policies of the role."""

import json

import boto3
from running import Localstack

from functions import deploy

CODE = """
import boto3
def handler(event, context):
    s3 = boto3.client("s3")
    for _ in range(2):
        s3.put_object(Bucket="bucket", Key="secret", Body=b"x" * 5000)
"""
STATEMENT = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_each_call_with_a_role_is_written_down_once_and_no_content(tmp_path):
    file = tmp_path / "calls.jsonl"
    cloud = Localstack(tmp_path, overrides={"RECORDED_CALLS": str(file)})
    try:
        cloud.start()
        boto3.client("s3", **cloud.client_settings).create_bucket(Bucket="bucket")
        iam = boto3.client("iam", **cloud.client_settings)
        role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=policy(TRUST))
        arn = role["Role"]["Arn"]
        iam.put_role_policy(RoleName="writer", PolicyName="own", PolicyDocument=policy(STATEMENT))
        managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        iam.attach_role_policy(RoleName="writer", PolicyArn=managed)
        deploy(boto3.client("lambda", **cloud.client_settings), arn, CODE).settled().invoke()
    finally:
        cloud.kill()
    about, call = (json.loads(line) for line in file.read_text().splitlines())
    assert about["role"] == call["role"] == arn
    assert {each["name"] for each in about["policies"]} == {"own", managed}
    assert about["policies"][0]["policy"]["Statement"] == [STATEMENT]
    assert (call["service"], call["operation"]) == ("s3", "PutObject")
    assert call["parameters"]["Key"] == "secret"
    assert "xxxxx" not in file.read_text()


def test_nothing_is_written_unasked(tmp_path, monkeypatch):
    from embedded_cloud import localstack

    monkeypatch.delenv("RECORDED_CALLS", raising=False)
    assert "RECORDED_CALLS" not in localstack.environment(tmp_path, 4566, tmp_path)
