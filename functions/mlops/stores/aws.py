"""What adapters of AWS's smaller services have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mlops.errors import StoreUnavailableError

CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Whatever a service refuses or does not answer is StoreUnavailableError."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailableError(f"{what}: {error}") from error
