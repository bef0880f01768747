"""The values that go into and come out of an execution environment."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded_cloud.sandbox.failures import RuntimeFailureError

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100


@dataclass(frozen=True)
class Limits:
    """What a function may use: seconds for an invocation, megabytes of memory and of /tmp."""

    timeout: float
    memory_size: int
    ephemeral_storage: int = 512


@dataclass(frozen=True)
class Launch:
    """How to start the runtime; the address of its API is added to `variables`."""

    command: Sequence[str]
    directory: Path
    variables: Mapping[str, str]
    freeze: bool = True


@dataclass(frozen=True)
class Event:
    """One invocation, with `headers` as the Runtime API calls them."""

    request_id: str
    payload: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to: the payload for the caller, the log's tail and what ended it without an answer."""

    payload: bytes
    is_error: bool
    logs: str
    failure: RuntimeFailureError | None = None


def too_large(body: bytes) -> bool:
    """Whether a response is over Lambda's limit."""
    return len(body) > MAX_RESPONSE_BYTES


def response_too_large() -> bytes:
    """The error that the caller gets instead of such a response."""
    error = {
        "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    return json.dumps(error).encode()
