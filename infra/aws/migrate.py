"""Bring the database's schema of a deployed application up to date: `migrate.py STACK`."""

import json
import sys

import boto3

from mlops_cloud.project import MIGRATION


def migrate(stack: str) -> None:
    """Invoke the ingestion function, which has the migrations; exits with its error if it fails."""
    resource = {"StackName": stack, "LogicalResourceId": "IngestionFunction"}
    described = boto3.client("cloudformation").describe_stack_resource(**resource)["StackResourceDetail"]
    function = described["PhysicalResourceId"]
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(MIGRATION))
    content = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        sys.exit(f"✗ The database's schema cannot be brought up to date: {content}")


if __name__ == "__main__":
    migrate(sys.argv[1])
