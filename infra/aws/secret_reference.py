"""How a template refers to the version that a secret has now, for CloudFormation: `secret_reference.py NAME`."""

import sys

import boto3


def reference(secret: str) -> str:
    """Raises ClientError where there is no such secret."""
    versions = boto3.client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    (current,) = [version for version, stages in versions.items() if "AWSCURRENT" in stages]
    return f"{{{{resolve:secretsmanager:{secret}:SecretString:::{current}}}}}"


if __name__ == "__main__":
    sys.stdout.write(f"{reference(sys.argv[1])}\n")
