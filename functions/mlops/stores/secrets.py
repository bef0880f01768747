"""Secrets in AWS Secrets Manager, remembered for a while, so that guesses at a key cost no calls."""

from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

import boto3

from mlops.errors import StoreUnavailableError
from mlops.stores.aws import CONFIG, translated

# Seconds for which a secret is remembered: how long a key that was changed may still hold; and an outage.
MAX_AGE, PAUSE = 25, 2
_lock = Lock()  # whoever comes while a secret is asked for takes that answer
_known: dict[str, tuple[float, str | StoreUnavailableError]] = {}


def read(name: str) -> str:
    """A secret's text by its name or ARN; StoreUnavailableError if it is not to be had."""
    with _lock:
        until, found = _known.get(name, (float("-inf"), ""))
        if monotonic() >= until:
            try:
                with translated(f"Secret {name}"):
                    found = str(_client().get_secret_value(SecretId=name)["SecretString"])
            except StoreUnavailableError as error:
                found = error
            _known[name] = monotonic() + (MAX_AGE if isinstance(found, str) else PAUSE), found
    if isinstance(found, str):
        return found
    raise StoreUnavailableError(str(found)) from found


@cache
def _client() -> Any:
    return boto3.client("secretsmanager", config=CONFIG)
