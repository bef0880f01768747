"""Stacks on LocalStack: created beside one another, deleted.

A stack is never updated: LocalStack's updates lose routes and keep half of a failed change. A change is a new stack.
`sam deploy` would do, but its waiters take half a minute for what takes seconds.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import ClientError, WaiterError

from embedded_cloud.aws import Aws
from embedded_cloud.errors import CloudError

POLL = {"Delay": 0.25, "MaxAttempts": 400}


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: its template's outputs, and by type its resources' physical ids by logical name."""

    name: str
    outputs: Mapping[str, str]
    resources: Mapping[str, Mapping[str, str]]

    @property
    def functions(self) -> Mapping[str, str]:
        return self.resources.get("AWS::Lambda::Function", {})


def create(aws: Aws, name: str, template_url: str, parameters: Mapping[str, str], remedy: str) -> Stack:
    """Create a stack and wait for it.

    Raises CloudError with CloudFormation's own reasons if it cannot be created; nothing of it is left then.
    """
    with _or_nothing(aws, name, remedy):
        change = _planned(aws, name, template_url, parameters)
        aws.client("cloudformation").execute_change_set(**change)
        aws.client("cloudformation").get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=POLL)
    return describe(aws, name)


def check(aws: Aws, name: str, template_url: str, parameters: Mapping[str, str], remedy: str) -> None:
    """Have CloudFormation read a template for a stack of a name that is free, and create nothing.

    Raises CloudError with its reasons if it refuses the template.
    """
    with _or_nothing(aws, name, remedy):
        _planned(aws, name, template_url, parameters)
    delete(aws, name)


def _planned(aws: Aws, name: str, template_url: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The change set of a new stack, which names it."""
    cloudformation, change = aws.client("cloudformation"), {"StackName": name, "ChangeSetName": "create"}
    cloudformation.create_change_set(
        **change,
        ChangeSetType="CREATE",
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**change, WaiterConfig=POLL)
    return change


@contextmanager
def _or_nothing(aws: Aws, name: str, remedy: str) -> Iterator[None]:
    """Make CloudFormation's refusal a CloudError, and leave nothing of the stack."""
    try:
        yield
    except (ClientError, WaiterError) as refused:
        reasons = "\n    ".join(_reasons(aws, name)) or _words(refused)
        delete(aws, name)
        raise CloudError(f"The stack was refused:\n    {reasons}", remedy) from refused


def describe(aws: Aws, name: str) -> Stack:
    """A complete stack; KeyError where there is none of that name."""
    cloudformation = aws.client("cloudformation")
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except cloudformation.exceptions.ClientError as missing:
        raise KeyError(name) from missing
    if found["StackStatus"] != "CREATE_COMPLETE":
        raise KeyError(name)
    resources: dict[str, dict[str, str]] = {}
    for resource in cloudformation.describe_stack_resources(StackName=name)["StackResources"]:
        of_type = resources.setdefault(resource["ResourceType"], {})
        of_type[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return Stack(name, outputs, resources)


def names(aws: Aws, prefix: str) -> list[str]:
    """Every stack that exists under this prefix, whole or not."""
    pages = aws.client("cloudformation").get_paginator("list_stacks").paginate()
    stacks = [each for page in pages for each in page["StackSummaries"] if each["StackStatus"] != "DELETE_COMPLETE"]
    return [each["StackName"] for each in stacks if each["StackName"].startswith(prefix)]


def delete(aws: Aws, name: str) -> None:
    """Delete a stack, unless that is under way; what fails is tried again, for what is left then is less.

    One that is being created is waited for: LocalStack would go on creating what it is to delete.
    """
    cloudformation = aws.client("cloudformation")
    deadline = time.monotonic() + POLL["Delay"] * POLL["MaxAttempts"]
    while _status(aws, name) == "CREATE_IN_PROGRESS" and time.monotonic() < deadline:
        time.sleep(POLL["Delay"])
    for last in (False, False, True):
        if _status(aws, name) != "DELETE_IN_PROGRESS":
            cloudformation.delete_stack(StackName=name)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=POLL)
            break
        except WaiterError:
            if last:
                raise


def _status(aws: Aws, name: str) -> str:
    """A stack's status, empty where there is none of that name."""
    cloudformation = aws.client("cloudformation")
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError:
        return ""


def drain(aws: Aws, stack: Stack, timeout_seconds: float) -> list[str]:
    """Wait until no state machine of a stack runs; returns the names of the runs that are left when the time is up."""
    states = aws.client("stepfunctions")
    deadline = time.monotonic() + timeout_seconds
    machines = stack.resources.get("AWS::StepFunctions::StateMachine", {}).values()
    while runs := [
        run
        for machine in machines
        for run in states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    ]:
        if time.monotonic() > deadline:
            return [run["name"] for run in runs]
        time.sleep(0.5)
    return []


def hand_over_messages(aws: Aws, old: Stack, new: Stack) -> None:
    """Move what waits in a stack's queues to those of the same logical names; nothing goes before it has arrived."""
    sqs = aws.client("sqs")
    of_old, of_new = (each.resources.get("AWS::SQS::Queue", {}) for each in (old, new))
    for name in of_old.keys() & of_new.keys():
        while found := sqs.receive_message(QueueUrl=of_old[name], MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.send_message(QueueUrl=of_new[name], MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=of_old[name], ReceiptHandle=message["ReceiptHandle"])


def set_rule(aws: Aws, stack: Stack, logical_name: str, *, enabled: bool) -> None:
    """Turn one EventBridge rule of a stack on or off."""
    events = aws.client("events")
    name = stack.resources["AWS::Events::Rule"][logical_name]
    (events.enable_rule if enabled else events.disable_rule)(Name=name)


def _words(refused: ClientError | WaiterError) -> str:
    """What CloudFormation itself says, where the library says only what it waited for."""
    answer = refused.response if isinstance(refused, ClientError) else refused.last_response
    return str(answer.get("Error", {}).get("Message") or answer.get("StatusReason") or refused)


def _reasons(aws: Aws, name: str) -> Iterator[str]:
    cloudformation = aws.client("cloudformation")
    if not _status(aws, name):
        return
    for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]:
        if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason"):
            yield f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
