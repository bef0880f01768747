"""What ends an initialisation or an invocation without an answer of the runtime's."""

import json
import signal
from datetime import UTC, datetime


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
