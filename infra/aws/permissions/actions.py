"""The IAM action, resource and condition keys of an AWS call, as the Service Authorization Reference has them.

https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT, REGION = "000000000000", "us-east-1"  # LocalStack's


@dataclass(frozen=True, slots=True)
class Request:
    """What IAM decides about."""

    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


class UnknownCallError(LookupError):
    """A call whose action and resource are not written down here."""


def requests(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """The requests that one call is for IAM; UnknownCallError where this module has to learn it first."""
    try:
        of_call = _CALLS[service, operation]
    except KeyError:
        raise UnknownCallError(
            f"{service}:{operation} is not in actions.py: add its action and resource from the "
            "Service Authorization Reference"
        ) from None
    yield from of_call(parameters)


def _object(action: str, versioned: str = "") -> Callable[[Mapping[str, Any]], Iterator[Request]]:
    def of_call(given: Mapping[str, Any]) -> Iterator[Request]:
        named = versioned if versioned and given.get("VersionId") else action
        yield Request(named, f"arn:aws:s3:::{given['Bucket']}/{given['Key']}")

    return of_call


def _bucket(given: Mapping[str, Any]) -> Iterator[Request]:
    prefix = {"s3:prefix": given["Prefix"]} if given.get("Prefix") else {}
    yield Request("s3:ListBucket", f"arn:aws:s3:::{given['Bucket']}", prefix)


def _deleted_objects(given: Mapping[str, Any]) -> Iterator[Request]:
    for each in given["Delete"]["Objects"]:
        action = "s3:DeleteObjectVersion" if each.get("VersionId") else "s3:DeleteObject"
        yield Request(action, f"arn:aws:s3:::{given['Bucket']}/{each['Key']}")


def _arn(action: str, parameter: str) -> Callable[[Mapping[str, Any]], Iterator[Request]]:
    """A call that names its resource by an ARN in one of its parameters."""
    return lambda given: iter([Request(action, str(given[parameter]))])


def _events(given: Mapping[str, Any]) -> Iterator[Request]:
    for entry in given["Entries"]:
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{entry.get('EventBusName', 'default')}"
        about = {"events:source": [entry["Source"]], "events:detail-type": [entry["DetailType"]]}
        yield Request("events:PutEvents", bus, about)


def _queue(action: str) -> Callable[[Mapping[str, Any]], Iterator[Request]]:
    def of_call(given: Mapping[str, Any]) -> Iterator[Request]:
        yield Request(action, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{given['QueueUrl'].rpartition('/')[2]}")

    return of_call


def _function(given: Mapping[str, Any]) -> Iterator[Request]:
    name = str(given["FunctionName"])
    yield Request(
        "lambda:InvokeFunction", name if ":" in name else f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    )


def _log_events(given: Mapping[str, Any]) -> Iterator[Request]:
    group = given.get("logGroupName") or str(given["logGroupIdentifier"]).rpartition("log-group:")[2]
    # With this suffix, as in AWS's own refusals.
    yield Request("logs:FilterLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:")


def _nothing(_: Mapping[str, Any]) -> Iterator[Request]:
    """A call that needs no permission."""
    return iter(())


_CALLS: dict[tuple[str, str], Callable[[Mapping[str, Any]], Iterator[Request]]] = {
    ("s3", "GetObject"): _object("s3:GetObject", "s3:GetObjectVersion"),
    ("s3", "HeadObject"): _object("s3:GetObject", "s3:GetObjectVersion"),
    ("s3", "PutObject"): _object("s3:PutObject"),
    ("s3", "CreateMultipartUpload"): _object("s3:PutObject"),
    ("s3", "UploadPart"): _object("s3:PutObject"),
    ("s3", "CompleteMultipartUpload"): _object("s3:PutObject"),
    ("s3", "AbortMultipartUpload"): _object("s3:AbortMultipartUpload"),
    ("s3", "DeleteObject"): _object("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ("s3", "DeleteObjects"): _deleted_objects,
    ("s3", "ListObjects"): _bucket,
    ("s3", "ListObjectsV2"): _bucket,
    ("s3", "HeadBucket"): _bucket,
    ("events", "PutEvents"): _events,
    ("sns", "Publish"): _arn("sns:Publish", "TopicArn"),
    ("sqs", "GetQueueAttributes"): _queue("sqs:GetQueueAttributes"),
    ("sqs", "SendMessage"): _queue("sqs:SendMessage"),
    ("lambda", "Invoke"): _function,
    ("logs", "FilterLogEvents"): _log_events,
    ("secretsmanager", "GetSecretValue"): _arn("secretsmanager:GetSecretValue", "SecretId"),
    ("stepfunctions", "StartExecution"): _arn("states:StartExecution", "stateMachineArn"),
    ("stepfunctions", "ListExecutions"): _arn("states:ListExecutions", "stateMachineArn"),
    ("stepfunctions", "DescribeStateMachine"): _arn("states:DescribeStateMachine", "stateMachineArn"),
    ("stepfunctions", "DescribeExecution"): _arn("states:DescribeExecution", "executionArn"),
    ("stepfunctions", "GetExecutionHistory"): _arn("states:GetExecutionHistory", "executionArn"),
    ("stepfunctions", "StopExecution"): _arn("states:StopExecution", "executionArn"),
    ("sts", "GetCallerIdentity"): _nothing,
}
