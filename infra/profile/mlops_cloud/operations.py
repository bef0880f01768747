"""What an operator does now and then: another admin key, and events that started nothing tried again."""

from embedded_cloud.aws import Aws
from embedded_cloud.stack import Stack
from mlops_cloud import project
from mlops_cloud.cloud import Cloud

DEAD_LETTERS = "PipelineDeadLetters"


def rotate_admin_key(cloud: Cloud) -> None:
    """Another admin key. The API reads the secret again within 30 seconds."""
    cloud.state.forget_secret("admin_api_key")
    project.keep_admin_key(cloud)
    cloud.state.write("outputs", {**cloud.state.read("outputs"), "admin_api_key": cloud.admin_api_key})


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
