"""Recorded calls are judged as AWS would judge them."""

import json
from pathlib import Path
from typing import Any

import pytest

from permissions.__main__ import page
from permissions.actions import UnknownCallError, requests
from permissions.judge import Verdict, judge, logical

ENVIRONMENT = Path(__file__).parents[3] / ".local/envs/permissions"
ROLE = "arn:aws:iam::000000000000:role/titanic-1e2cf237-MonitoringFunctionRole-9f1bd4c0"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
PUT = {"Entries": [{"Source": "mlops.monitoring", "DetailType": "Retraining Requested"}]}


@pytest.fixture
def judged(tmp_path: Path) -> Any:
    """The verdict on calls of one role with one policy."""
    if not (ENVIRONMENT / ".ready").exists():
        pytest.skip("the permissions environment is not installed: install npm and run `make environments`")

    def judged(statements: list[dict[str, Any]], *calls: tuple[str, str, dict[str, Any]]) -> Verdict:
        policy = {"name": "RolePolicy0", "policy": {"Version": "2012-10-17", "Statement": statements}}
        lines: list[dict[str, Any]] = [{"role": ROLE, "policies": [policy]}]
        for service, operation, parameters in calls:
            lines.append({"role": ROLE, "service": service, "operation": operation, "parameters": parameters})
        file = tmp_path / "calls.jsonl"
        file.write_text("\n".join(map(json.dumps, lines)))
        return judge([file], ENVIRONMENT)

    return judged


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_a_call_without_a_statement_is_denied(judged: Any) -> None:
    get = ("s3", "GetObject", {"Bucket": "b", "Key": "models/1/card.json"})
    assert judged([allow("s3:GetObject", "arn:aws:s3:::b/models/*")], get).denied == []
    (denied,) = judged([allow("s3:GetObject", "arn:aws:s3:::b/drift/*")], get).denied
    assert (denied.role, denied.request.action) == ("MonitoringFunctionRole", "s3:GetObject")


def test_a_version_of_an_object_takes_an_action_of_its_own(judged: Any) -> None:
    get = ("s3", "GetObject", {"Bucket": "b", "Key": "raw/a.csv", "VersionId": "v1"})
    assert judged([allow("s3:GetObject", "arn:aws:s3:::b/*")], get).denied
    assert not judged([allow("s3:GetObjectVersion", "arn:aws:s3:::b/*")], get).denied


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"events:source": "mlops.monitoring"}}, False),  # as the template once had it
        ({"ForAllValues:StringEquals": {"events:source": "mlops.monitoring"}}, True),
        ({"ForAllValues:StringEquals": {"events:source": "somebody.else"}}, False),
    ],
)
def test_a_key_with_several_values_takes_a_set_operator(judged: Any, condition: dict[str, Any], allowed: bool) -> None:
    verdict = judged([allow("events:PutEvents", BUS, Condition=condition)], ("events", "PutEvents", PUT))
    assert (verdict.denied == []) is allowed


def test_a_statement_about_a_secret_is_one_however_often_the_secret_was_made(judged: Any) -> None:
    secrets = [
        f"arn:aws:secretsmanager:us-east-1:000000000000:secret:titanic/admin-key-{end}" for end in ("FjTmIh", "LKvufv")
    ]
    found = [judged([allow("secretsmanager:GetSecretValue", secret)]).unused for secret in secrets]
    assert found[0] == found[1]


def test_what_nobody_needs_is_told(judged: Any) -> None:
    statements = [allow("s3:ListBucket", "arn:aws:s3:::b"), allow("sqs:SendMessage", "*")]
    verdict = judged(statements, ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "raw/"}))
    (unused,) = verdict.unused
    assert unused.actions == ("sqs:SendMessage",)
    text = page(verdict)
    assert "| MonitoringFunctionRole | 1 | 1 of 2 |" in text
    assert "**Denied: nothing.**" in text


def test_a_call_that_is_not_written_down_says_what_to_do() -> None:
    with pytest.raises(UnknownCallError, match=r"dynamodb:PutItem is not in actions\.py: add"):
        list(requests("dynamodb", "PutItem", {}))


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (ROLE, "MonitoringFunctionRole"),
        ("arn:aws:iam::0:role/titanic-here-PipelineUploadRole-12ab", "PipelineUploadRole"),
        ("arn:aws:iam::0:role/mine", "mine"),
    ],
)
def test_a_role_is_called_as_in_the_template(arn: str, name: str) -> None:
    assert logical(arn) == name
