"""Secrets in AWS Secrets Manager, remembered for a while, so that guesses at a key cost no calls."""

from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

import boto3

from mlops.errors import StoreUnavailableError
from mlops.stores.aws import CONFIG, translated

# Seconds for which a secret is remembered: how long a key that was changed may still hold. After PAUSE it is read again
# if somebody brings another key, which may be the new one; an outage is remembered for as long.
MAX_AGE, PAUSE = 25, 2
_lock = Lock()  # whoever comes while a secret is asked for takes that answer
_known: dict[str, tuple[float, str | StoreUnavailableError]] = {}


def read(name: str, max_age: float = MAX_AGE) -> str:
    """A secret's text by its name or ARN, as it was at most so many seconds ago.

    StoreUnavailableError if it is not to be had.
    """
    with _lock:
        at, found = _known.get(name, (float("-inf"), ""))
        if monotonic() >= at + (max_age if isinstance(found, str) else PAUSE):
            try:
                with translated(f"Secret {name}"):
                    found = str(_client().get_secret_value(SecretId=name)["SecretString"])
            except StoreUnavailableError as error:
                found = error
            _known[name] = monotonic(), found
    if isinstance(found, str):
        return found
    raise StoreUnavailableError(str(found)) from found


@cache
def _client() -> Any:
    return boto3.client("secretsmanager", config=CONFIG)
