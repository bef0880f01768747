"""Stacks that an earlier run left behind, on a CloudFormation that plays its statuses."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_cloud.errors import CloudError
from mlops_aws import stacks


class CloudFormation:
    """Statuses of one stack in the order in which they are seen; the last one stays. "" is no stack."""

    def __init__(self, *statuses: str, after: dict[str, list[str]] | None = None) -> None:
        self.statuses = list(statuses)
        self.after = after or {}
        self.calls: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if not status:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": status}]}

    def get_paginator(self, _: str) -> Any:
        listed = [
            {"LogicalResourceId": "Database", "ResourceType": stacks.DATABASE, "PhysicalResourceId": "db-1"},
            {"LogicalResourceId": "Cache", "ResourceType": "AWS::ElastiCache::ReplicationGroup"},
        ]
        return SimpleNamespace(paginate=lambda StackName: [{"StackResourceSummaries": listed}])

    def delete_stack(self, StackName: str) -> None:
        self.calls.append("delete")
        self.statuses = self.after.get("delete", ["DELETE_IN_PROGRESS", ""])

    def continue_update_rollback(self, StackName: str) -> None:
        self.calls.append("continue")
        self.statuses = self.after.get("continue", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:
        reason = "resource sg-1 has a dependent object"
        failed = {
            "LogicalResourceId": "FunctionAccess",
            "ResourceStatus": "DELETE_FAILED",
            "ResourceStatusReason": reason,
        }
        return {"StackEvents": [failed]}


class Rds:
    def __init__(self) -> None:
        self.unprotected: list[str] = []

    def modify_db_instance(self, DBInstanceIdentifier: str, DeletionProtection: bool, ApplyImmediately: bool) -> None:
        assert (DeletionProtection, ApplyImmediately) == (False, True)
        self.unprotected.append(DBInstanceIdentifier)


class Ec2:
    def __init__(self, *left: int) -> None:
        self.left = list(left)

    def describe_network_interfaces(self, Filters: Any) -> dict[str, Any]:
        assert {"Name": "subnet-id", "Values": ["subnet-1"]} in Filters
        return {"NetworkInterfaces": [{}] * self.left.pop(0)}


class Account:
    def __init__(self, **clients: Any) -> None:
        self.clients = clients

    def client(self, service: str) -> Any:
        return self.clients[service]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "POLL_SECONDS", 0)


def ready(cloudformation: CloudFormation) -> list[str]:
    rds = Rds()
    stacks.make_ready(Account(cloudformation=cloudformation, rds=rds), "app-dev")  # type: ignore[arg-type]
    assert rds.unprotected == (["db-1"] if "delete" in cloudformation.calls else [])
    return cloudformation.calls


@pytest.mark.parametrize("status", ["", "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_what_can_be_deployed_to_is_left_alone(status: str) -> None:
    assert ready(CloudFormation(status)) == []


@pytest.mark.parametrize("status", stacks.NEVER_CREATED)
def test_a_creation_that_failed_is_removed(status: str) -> None:
    assert ready(CloudFormation(status)) == ["delete"]


def test_a_change_under_way_is_waited_for() -> None:
    cloudformation = CloudFormation("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE")
    assert ready(cloudformation) == []
    assert cloudformation.statuses == ["UPDATE_COMPLETE"]


def test_a_creation_under_way_that_then_fails_is_removed() -> None:
    assert ready(CloudFormation("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")) == ["delete"]


def test_a_rollback_that_stopped_is_continued() -> None:
    assert ready(CloudFormation("UPDATE_ROLLBACK_FAILED")) == ["continue"]


def test_a_rollback_that_stops_again_is_told_with_its_reasons() -> None:
    cloudformation = CloudFormation("UPDATE_ROLLBACK_FAILED", after={"continue": ["UPDATE_ROLLBACK_FAILED"]})
    with pytest.raises(CloudError, match="FunctionAccess: resource sg-1 has a dependent object"):
        ready(cloudformation)


def test_what_cannot_be_deleted_is_told_with_its_reasons() -> None:
    with pytest.raises(CloudError, match=r"app-dev is DELETE_FAILED\n.*dependent object"):
        ready(CloudFormation("ROLLBACK_COMPLETE", after={"delete": ["DELETE_IN_PROGRESS", "DELETE_FAILED"]}))


def test_network_interfaces_that_linger_are_waited_for() -> None:
    ec2 = Ec2(3, 3, 1, 0)
    stacks.wait_for_network_interfaces(Account(ec2=ec2), ["subnet-1"])  # type: ignore[arg-type]
    assert ec2.left == []


def test_network_interfaces_that_never_go_end_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "TIMEOUT_SECONDS", -1)
    with pytest.raises(CloudError, match="still holds 2 network interfaces"):
        stacks.wait_for_network_interfaces(Account(ec2=Ec2(2)), ["subnet-1"])  # type: ignore[arg-type]
