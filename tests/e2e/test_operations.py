"""What an operator does now and then."""

import json
import uuid
from collections.abc import Iterator

import pytest

from clouds import CHECKOUT, Cloud, until
from embedded_cloud.errors import CloudError
from mlops_aws.account import Account
from mlops_aws.environments import Traffic
from mlops_aws.proof import Proof
from mlops_aws.secret_references import reference
from mlops_aws.traffic import shift, watcher
from mlops_aws.versions import LATEST, Live

from .test_api import request


def promote(cloud: Cloud, key: str) -> int:
    url = f"{cloud.outputs()['api_url']}/models/{cloud.champion()}/promote"
    return request(url, headers={"X-Api-Key": key}, method="POST")[0]


def test_another_admin_key_holds_within_thirty_seconds(cloud: Cloud) -> None:
    old = cloud.outputs()["admin_api_key"]
    assert cloud.run("rotate-key").returncode == 0
    new = cloud.outputs()["admin_api_key"]
    assert new != old
    until(lambda: (promote(cloud, old), promote(cloud, new)) == (403, 200), 40)
    cloud.up()
    assert cloud.outputs()["admin_api_key"] == new


@pytest.fixture
def account(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Account:
    """This cloud as the command for AWS sees an account."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.outputs()["endpoint_url"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Account("us-east-1")


def test_a_secret_that_was_changed_is_referred_to_otherwise(account: Account) -> None:
    """CloudFormation resolves a reference again only when its text changes."""
    secrets = account.client("secretsmanager")
    secret = secrets.create_secret(Name=f"titanic-test/{uuid.uuid4().hex}", SecretString="before")
    arn, version = secret["ARN"], secret["VersionId"]
    assert reference(account, arn) == f"{{{{resolve:secretsmanager:{arn}:SecretString:::{version}}}}}"
    version = secrets.put_secret_value(SecretId=arn, SecretString='{"one": "after"}')["VersionId"]
    assert reference(account, arn, "one") == f"{{{{resolve:secretsmanager:{arn}:SecretString:one::{version}}}}}"


@pytest.fixture
def live(cloud: Cloud, account: Account) -> Iterator[Live]:
    """The alias that the API invokes; it follows what is deployed again afterwards."""
    alias = Live(account, cloud.outputs()["functions"]["InferenceFunction"])
    assert alias.version() == LATEST
    yield alias
    alias.point_to(LATEST)


def publish_another(live: Live, variables: dict[str, str]) -> str:
    """A version with other settings, which therefore is another one; what is deployed then is as it was."""
    client = live.account.client("lambda")
    before = client.get_function_configuration(FunctionName=live.function)["Environment"]["Variables"]

    def give(given: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=live.function, Environment={"Variables": given})
        client.get_waiter("function_updated_v2").wait(FunctionName=live.function, WaiterConfig={"Delay": 1})

    give({**before, **variables})
    try:
        return live.publish()
    finally:
        give(before)


def health(cloud: Cloud) -> int:
    return request(f"{cloud.outputs()['api_url']}/health")[0]


def test_a_version_takes_over_once_it_answers_as_the_one_before(cloud: Cloud, account: Account, live: Live) -> None:
    old = live.publish()
    assert live.publish() == old, "nothing has changed, so there is no other version"
    live.point_to(old)
    new = publish_another(live, {"SITE_URLS": "https://example.org"})
    proof = Proof(live, new, old)
    proof.answers()
    assert proof.model() == cloud.champion()
    watch = watcher(account, live, new, [], proof.predicts)
    shift(live, old, new, Traffic(first_share=0.5, seconds=0.2), watch)
    assert live.version() == new
    assert health(cloud) == 200


def test_a_version_that_fails_gets_no_request(cloud: Cloud, live: Live) -> None:
    old = live.publish()
    live.point_to(old)
    broken = publish_another(live, {"USE_CASE": "there_is_none"})
    with pytest.raises(CloudError, match=f"Version {broken} does not answer as it should"):
        Proof(live, broken, old).answers()
    assert live.version() == old
    assert health(cloud) == 200


@pytest.mark.timeout(600)
def test_an_event_that_started_nothing_is_tried_again(cloud: Cloud) -> None:
    states, sqs = cloud.client("stepfunctions"), cloud.client("sqs")
    event = json.loads((CHECKOUT / "functions/ingestion/events/object_created.json").read_text())
    sqs.send_message(QueueUrl=cloud.dead_letters(), MessageBody=json.dumps(event))
    said = cloud.run("redrive")
    assert said.returncode == 0, said.stderr
    assert "waiting: 1" in said.stdout
    (run,) = [line.strip() for line in said.stdout.splitlines() if "arn:" in line]
    until(lambda: states.describe_execution(executionArn=run)["status"] == "SUCCEEDED", 120)
    assert "waiting: 0" in cloud.run("redrive").stdout
