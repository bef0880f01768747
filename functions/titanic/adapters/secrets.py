"""Secrets in AWS Secrets Manager, by boto3, which only those who ask for one load."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from titanic.errors import StoreUnavailableError

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


def read(name: str) -> str:
    """A secret's text by its name or ARN, as it is now; StoreUnavailableError if it is not to be had."""
    try:
        secret: str = boto3.client("secretsmanager", config=_CONFIG).get_secret_value(SecretId=name)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailableError(f"Secret {name}: {error}") from error
    return secret
