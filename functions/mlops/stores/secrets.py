"""Secrets in AWS Secrets Manager, by Powertools, which only those who ask for one load."""

from functools import cache

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from mlops.errors import StoreUnavailableError
from mlops.stores.aws import CONFIG

# Seconds for which a secret is remembered: how long a key that was changed may still hold.
MAX_AGE = 25


def read(name: str) -> str:
    """A secret's text by its name or ARN; StoreUnavailableError if it is not to be had."""
    try:
        secret = _provider().get(name, max_age=MAX_AGE)
    except GetParameterError as error:
        raise StoreUnavailableError(f"Secret {name}: {error}") from error
    return str(secret)


@cache
def _provider() -> SecretsProvider:
    return SecretsProvider(boto_config=CONFIG)
