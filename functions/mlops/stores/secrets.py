"""Secrets in AWS Secrets Manager, by boto3, which only those who ask for one load."""

import boto3

from mlops.stores.aws import CONFIG, translated


def read(name: str) -> str:
    """A secret's text by its name or ARN, as it is now; StoreUnavailableError if it is not to be had."""
    with translated(f"Secret {name}"):
        secret: str = boto3.client("secretsmanager", config=CONFIG).get_secret_value(SecretId=name)["SecretString"]
        return secret
