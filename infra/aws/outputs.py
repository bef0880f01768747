"""A stack's outputs as NAME=value lines: `outputs.py STACK`."""

import sys

import boto3


def outputs(stack: str) -> dict[str, str]:
    """By name; raises ClientError where there is no such stack."""
    (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


if __name__ == "__main__":
    for name, value in outputs(sys.argv[1]).items():
        sys.stdout.write(f"{name}={value}\n")
