"""CloudFormation stacks on AWS: brought into a state that can be deployed to, described, deleted."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say, step
from mlops_aws.account import Account

POLL_SECONDS = 5.0
TIMEOUT_SECONDS = 3600
# States of a creation that did not succeed: CloudFormation refuses every update of such a stack.
NEVER_CREATED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS")

DATABASE = "AWS::RDS::DBInstance"


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: its outputs, and the physical ids of its resources by logical name."""

    name: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    types: Mapping[str, str]

    def of_type(self, kind: str) -> list[str]:
        """The physical ids of all resources of a type."""
        return [self.resources[name] for name, its in self.types.items() if its == kind and self.resources[name]]


def describe(account: Account, name: str) -> Stack | None:
    """A stack that exists, whatever its status; None where there is none."""
    found = _found(account, name)
    if not found:
        return None
    pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    listed = [each for page in pages for each in page["StackResourceSummaries"]]
    resources = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in listed}
    types = {each["LogicalResourceId"]: each["ResourceType"] for each in listed}
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Stack(name, outputs, resources, types)


def make_ready(account: Account, name: str) -> None:
    """Bring a stack that an earlier run left behind into a state that can be deployed to.

    A change under way is waited for, a rollback that stopped is continued, and what never was created is removed.
    """
    status = _settled(account, name)
    cloudformation = account.client("cloudformation")
    if status == "UPDATE_ROLLBACK_FAILED":
        with step(f"Continuing the rollback of {name}"):
            cloudformation.continue_update_rollback(StackName=name)
            if (status := _settled(account, name)) == "UPDATE_ROLLBACK_FAILED":
                raise _stuck(account, name, status)
    elif status in NEVER_CREATED:
        delete(account, name, f"Removing {name}, whose creation failed")
    elif status == "DELETE_FAILED":
        delete(account, name, f"Removing what is left of {name}")


def delete(account: Account, name: str, words: str) -> None:
    """Delete a stack and wait; CloudError with CloudFormation's reasons if something of it cannot be deleted.

    Its databases lose their deletion protection, which otherwise would stop the deletion half-way.
    """
    its = describe(account, name)
    for database in its.of_type(DATABASE) if its else ():
        account.client("rds").modify_db_instance(
            DBInstanceIdentifier=database, DeletionProtection=False, ApplyImmediately=True
        )
    with step(words):
        account.client("cloudformation").delete_stack(StackName=name)
        if status := _settled(account, name):
            raise _stuck(account, name, status)


def wait_for_network_interfaces(account: Account, subnets: list[str]) -> None:
    """Wait until Lambda has given back its network interfaces in these subnets, which takes it up to 40 minutes.

    CloudFormation cannot delete the subnets before.
    """
    ec2, deadline, told = account.client("ec2"), time.monotonic() + TIMEOUT_SECONDS, -1
    while left := ec2.describe_network_interfaces(
        Filters=[{"Name": "subnet-id", "Values": subnets}, {"Name": "interface-type", "Values": ["lambda"]}]
    )["NetworkInterfaces"]:
        if len(left) != told:
            told = len(left)
            say(f"Lambda still holds {told} network interfaces, which takes up to 40 minutes")
        if time.monotonic() > deadline:
            raise CloudError(f"Lambda still holds {told} network interfaces", "Run the same command again later")
        time.sleep(POLL_SECONDS)


def _settled(account: Account, name: str) -> str:
    """The status of a stack once no change is under way; empty where there is no such stack."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    told = ""
    while (status := str(_found(account, name).get("StackStatus", ""))).endswith("_IN_PROGRESS"):
        if status == "REVIEW_IN_PROGRESS":  # a change set that nobody has executed
            return status
        if status != told:
            told = status
            say(f"Waiting for {name}: {status}")
        if time.monotonic() > deadline:
            raise _stuck(account, name, status)
        time.sleep(POLL_SECONDS)
    return status


def _found(account: Account, name: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as refused:
        if "does not exist" in str(refused):
            return {}
        raise
    return {} if found["StackStatus"] == "DELETE_COMPLETE" else found


def _stuck(account: Account, name: str, status: str) -> CloudError:
    events = account.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    reasons = [
        f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
        for each in events
        if each["ResourceStatus"].endswith("FAILED") and each.get("ResourceStatusReason")
    ]
    return CloudError(
        "\n    ".join([f"Stack {name} is {status}", *reasons[:5]]),
        "Mend what it names, then run the same command again",
    )
