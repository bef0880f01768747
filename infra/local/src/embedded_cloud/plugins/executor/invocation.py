"""The values that go into and come out of an execution environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded_cloud.plugins.executor.report import RuntimeFailureError


@dataclass(frozen=True)
class Limits:
    """What a function may use: seconds for an invocation, megabytes of memory."""

    timeout: float
    memory_size: int


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
