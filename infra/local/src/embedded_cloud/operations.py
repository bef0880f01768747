"""What an operator does now and then: another admin key, and events that started nothing tried again."""

import secrets
from dataclasses import asdict, replace

from embedded_cloud import project
from embedded_cloud.aws import Aws
from embedded_cloud.cloud import Cloud
from embedded_cloud.stack import Stack

DEAD_LETTERS = "PipelineDeadLetters"


def rotate_admin_key(cloud: Cloud) -> None:
    """Another admin key. The API reads the secret again within 30 seconds."""
    changed = replace(cloud.state.credentials(), admin_api_key=secrets.token_urlsafe(24))
    cloud.state.write("credentials", asdict(changed))
    project.keep_admin_key(cloud)
    cloud.state.write("outputs", {**cloud.state.read("outputs"), "admin_api_key": changed.admin_api_key})


def redrive(aws: Aws, stack: Stack) -> list[str]:
    """Start the pipeline for each event in the dead-letter queue; returns the runs.

    A letter goes when its run has started, so that a failure here loses none.
    """
    queue = stack.resources["AWS::SQS::Queue"][DEAD_LETTERS]
    sqs, states = aws.client("sqs"), aws.client("stepfunctions")
    started: list[str] = []
    while letters := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for letter in letters:
            run = states.start_execution(stateMachineArn=stack.outputs["PipelineArn"], input=letter["Body"])
            started.append(run["executionArn"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
    return started
