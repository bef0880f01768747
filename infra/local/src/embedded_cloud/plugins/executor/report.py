"""What Lambda itself writes: the platform's log lines and the errors that no handler raised.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
"""

import json
import math
import signal
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100


class RuntimeFailureError(Exception):
    """The runtime ended an initialisation or an invocation without an answer.

    `error_type` is Lambda's name of the cause, `status` the one in the REPORT line.
    """

    error_type = "Runtime.Unknown"
    status = "error"
    reported_type: str | None = None

    def message(self, request_id: str) -> str:
        return f"RequestId: {request_id} Error: {self}"

    def payload(self, request_id: str) -> bytes:
        """The JSON that the caller gets."""
        error = {"errorType": self.error_type, "errorMessage": self.message(request_id)}
        return json.dumps(error).encode()

    def log_lines(self, request_id: str) -> str:
        """What the log says about it, beside the REPORT line."""
        return f"{self.message(request_id)}\n{self.error_type}"


class TaskTimeoutError(RuntimeFailureError):
    """The function's timeout passed."""

    error_type = "Sandbox.Timedout"
    status = "timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Task timed out after {seconds:.2f} seconds")

    def log_lines(self, request_id: str) -> str:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{now} {request_id} {self}"


class RuntimeExitError(RuntimeFailureError):
    """The runtime's process ended."""

    error_type = "Runtime.ExitError"
    reported_type = "Runtime.ExitError"

    def __init__(self, exit_status: int) -> None:
        if exit_status < 0:
            name = signal.strsignal(-exit_status) or f"signal {-exit_status}"
            reason = f"Runtime exited with error: signal: {name.lower()}"
        elif exit_status > 0:
            reason = f"Runtime exited with error: exit status {exit_status}"
        else:
            reason = "Runtime exited without providing a reason"
        super().__init__(reason)


class OutOfMemoryError(RuntimeExitError):
    """The process held more than the function's memory size and was killed for it."""

    reported_type = "Runtime.OutOfMemory"

    def __init__(self) -> None:
        super().__init__(-signal.SIGKILL)


class InvalidEntrypointError(RuntimeFailureError):
    """The runtime could not be started at all, such as with a wrapper script that is not there."""

    error_type = reported_type = "Runtime.InvalidEntrypoint"


class InitError(RuntimeFailureError):
    """The function's module could not be loaded; `body` is the runtime's own account of it."""

    def __init__(self, body: bytes) -> None:
        self._error = json.loads(body)
        self.error_type = self.reported_type = self._error.get("errorType", "Runtime.Unknown")
        super().__init__(self._error.get("errorMessage", ""))

    def payload(self, request_id: str) -> bytes:
        return json.dumps({**self._error, "requestId": request_id}).encode()

    def log_lines(self, request_id: str) -> str:  # noqa: ARG002 - like the others'
        return ""  # the runtime has logged it


@dataclass(frozen=True)
class Usage:
    """What one invocation took: milliseconds, and megabytes for the memory."""

    duration: float
    memory_size: int
    max_memory_used: int
    init_duration: float | None = None
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


def start_line(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}"


def end_line(request_id: str) -> str:
    return f"END RequestId: {request_id}"


def report_line(request_id: str, usage: Usage) -> str:
    """What the invocation took; initialisation is billed, as it has been since August 2025."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {usage.duration:.2f} ms",
        f"Billed Duration: {math.ceil(usage.duration + (usage.init_duration or 0))} ms",
        f"Memory Size: {usage.memory_size} MB",
        f"Max Memory Used: {usage.max_memory_used} MB",
    ]
    if usage.init_duration is not None:
        fields.append(f"Init Duration: {usage.init_duration:.2f} ms")
    fields += _status_fields(usage.failure)
    return "\t".join(fields) + "\t"


def init_report_line(duration: float, phase: str, failure: RuntimeFailureError) -> str:
    """The line of an initialisation that failed in `phase` (``init`` or ``invoke``)."""
    fields = [f"INIT_REPORT Init Duration: {duration:.2f} ms", f"Phase: {phase}"]
    return "\t".join(fields + _status_fields(failure)) + "\t"


def _status_fields(failure: RuntimeFailureError | None) -> list[str]:
    if failure is None:
        return []
    named = [f"Error Type: {failure.reported_type}"] if failure.reported_type else []
    return [f"Status: {failure.status}", *named]
