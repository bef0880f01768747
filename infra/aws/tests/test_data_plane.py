"""What the command does with the data plane besides deploying it, on fakes of what LocalStack lacks."""

import json
from pathlib import Path
from typing import Any

import pytest

from mlops_aws.environments import Environment
from mlops_aws.release import Release
from mlops_aws.stacks import DATABASE, Stack
from mlops_cloud.use_case import UseCase

OWNER = "postgresql://titanic:s3cret@db.internal:5432/titanic?sslmode=verify-full"
DATA = Stack("app-dev-data", {}, {"Database": "db-1"}, {"Database": DATABASE})


class Logs:
    def __init__(self, **retention: int | None) -> None:
        self.retention = retention

    def describe_log_groups(self, logGroupNamePrefix: str) -> dict[str, Any]:
        groups = []
        for name, days in self.retention.items():
            group = {"logGroupName": f"{logGroupNamePrefix}{name}"}
            groups.append({**group, "retentionInDays": days} if days else group)
        return {"logGroups": groups}

    def put_retention_policy(self, logGroupName: str, retentionInDays: int) -> None:
        self.retention[logGroupName.removeprefix("/aws/rds/instance/db-1/")] = retentionInDays


class Secrets:
    """Secrets by name, and how often one was written."""

    class exceptions:  # noqa: N801 - as boto3 has it
        class ResourceNotFoundException(Exception): ...  # noqa: N818

    def __init__(self, **values: str) -> None:
        self.values, self.written = values, 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        if SecretId not in self.values:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.values[SecretId]}

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:
        self.values[SecretId] = SecretString
        self.written += 1

    def describe_secret(self, SecretId: str) -> dict[str, Any]:
        return {"VersionIdsToStages": {f"v{self.written}": ["AWSCURRENT"], "v0": ["AWSPREVIOUS"]}}


class Lambda:
    def __init__(self, concurrent: int) -> None:
        self.concurrent = concurrent

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": self.concurrent}}


def release(**clients: Any) -> Release:
    class Account:
        def client(self, service: str) -> Any:
            return clients[service.replace("lambda", "functions")]

    account: Any = Account()
    return Release(account, Environment("dev"), UseCase(), Path(), Path())


def test_logs_that_rds_would_keep_for_ever_are_limited() -> None:
    logs = Logs(postgresql=None, upgrade=14)
    release(logs=logs)._limit_logs(DATA)
    assert logs.retention == {"postgresql": 14, "upgrade": 14}


def test_the_urls_of_the_roles_are_written_once_and_referred_to_by_version() -> None:
    secrets = Secrets(owner=OWNER)
    first = release(secretsmanager=secrets)._roles("owner", "roles")
    assert release(secretsmanager=secrets)._roles("owner", "roles") == first
    assert secrets.written == 1
    assert first["InferenceDatabaseUrl"] == "{{resolve:secretsmanager:roles:SecretString:InferenceDatabaseUrl::v1}}"
    urls = json.loads(secrets.values["roles"])
    assert urls["InferenceDatabaseUrl"].startswith("postgresql://mlops_inference:")
    assert "s3cret" not in secrets.values["roles"]


def test_another_password_of_the_owner_is_another_version_of_the_roles() -> None:
    secrets = Secrets(owner=OWNER)
    first = release(secretsmanager=secrets)._roles("owner", "roles")
    secrets.values["owner"] = OWNER.replace("s3cret", "other")
    assert release(secretsmanager=secrets)._roles("owner", "roles") != first


@pytest.mark.parametrize(("concurrent", "given"), [(1000, {}), (150, {}), (149, {"InferenceConcurrency": "0"})])
def test_concurrency_is_reserved_only_where_the_account_has_it(concurrent: int, given: dict[str, str]) -> None:
    found = release(functions=Lambda(concurrent))._concurrency({"InferenceConcurrency": "50"})
    assert found == given


def test_without_a_limit_nobody_asks_for_the_accounts() -> None:
    assert release()._concurrency({}) == {}
