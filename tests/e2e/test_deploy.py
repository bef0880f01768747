"""`make deploy` from an empty account to a second version, on LocalStack: the command that AWS would see."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from clouds import CHECKOUT, HOME

ENVIRONMENT = '[here]\ntraffic = {first_share = 0.5, seconds = 1}\napplication = {Schedules = "DISABLED"}\n'
NAMES = ("functions", "step_functions", "web", "data", "infra/aws", "infra/profile", "template.yaml", "samconfig.toml")
NO_CACHES = shutil.ignore_patterns("__pycache__", "node_modules")


@dataclass(frozen=True)
class Account:
    """A LocalStack with nothing of the product in it, and a copy of the checkout to deploy from."""

    checkout: Path
    variables: dict[str, str]

    def deploy(self) -> subprocess.CompletedProcess[str]:
        """As the Makefile's target does, which would install the copy's packages into the shared environments."""
        command = [str(HOME / "envs/cloud/bin/python"), "-m", "mlops_aws", "--home", str(HOME)]
        command += ["--environments", "here.toml", "deploy", "here"]
        paths = os.pathsep.join(str(self.checkout / name) for name in ("infra/aws", "infra/profile"))
        variables = {**self.variables, "PYTHONPATH": paths}
        return subprocess.run(command, cwd=self.checkout, env=variables, capture_output=True, text=True)

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        return make(service, endpoint_url=self.variables["AWS_ENDPOINT_URL"], **keys)

    def probability(self) -> Any:
        """The API's answer to an example row, by way of the alias."""
        event = json.loads((CHECKOUT / "functions/inference/events/http.json").read_text())
        (function,) = [
            each["FunctionName"]
            for each in self.client("lambda").list_functions()["Functions"]
            if "Inference" in each["FunctionName"]
        ]
        invoke = self.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(event))
        return json.loads(json.load(invoke["Payload"])["body"])["probability"]


@pytest.fixture
def account(tmp_path: Path, postgres_url: str, redis_url: str, s3_endpoint_url: str) -> Account:
    """The session's own LocalStack, which has more than S3, and its stores."""
    for name in NAMES:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=NO_CACHES)
        else:
            shutil.copy2(source, tmp_path)
    (tmp_path / "here.toml").write_text(ENVIRONMENT)
    plain = {name: os.environ[name] for name in ("PATH", "HOME")}
    stores = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url, "AWS_ENDPOINT_URL": s3_endpoint_url}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    return Account(tmp_path, {**plain, **stores, **keys})


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_first_deployment_the_second_and_one_that_is_refused(account: Account) -> None:
    first = account.deploy()
    assert first.returncode == 0, first.stderr
    assert "Version 1 serves" in first.stderr
    assert json.loads(first.stdout)["stack_name"] == "titanic-here"
    probability = account.probability()

    stacks = account.client("cloudformation")
    before = stacks.describe_stack_events(StackName="titanic-here")["StackEvents"]
    second = account.deploy()
    assert second.returncode == 0, second.stderr
    assert "Version 1 serves, and nothing of it has changed" in second.stderr
    assert "Site: unchanged" in second.stderr
    changed = stacks.describe_stack_events(StackName="titanic-here")["StackEvents"][: -len(before)]
    assert {each["ResourceType"] for each in changed} <= {"AWS::CloudFormation::Stack"}

    handler = account.checkout / "functions/inference/handler.py"
    mended = handler.read_text()
    handler.write_text("raise ImportError('half a release')\n")
    refused = account.deploy()
    assert refused.returncode == 1
    assert "Version 2 does not answer as it should" in refused.stderr
    assert "half a release" in refused.stderr
    assert "Version 1 serves on" in refused.stderr
    assert account.probability() == probability

    handler.write_text(f"{mended}\nMENDED = True\n")
    third = account.deploy()
    assert third.returncode == 0, third.stderr
    assert "Version 3 gets all requests" in third.stderr
    assert account.probability() == probability
