"""A runtime and the API that it speaks: one process at a time, started anew when the last one has ended.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import contextlib
import json
import os
import time
from collections.abc import Callable
from http import HTTPStatus

from embedded_cloud.sandbox import failures
from embedded_cloud.sandbox.invocation import Event, Launch, Limits, too_large
from embedded_cloud.sandbox.log import RuntimeLog
from embedded_cloud.sandbox.process import CHECK_SECONDS, RuntimeProcess
from embedded_cloud.sandbox.runtime_api import Request, RuntimeApi

LOG_BYTES = 1 << 16
MEGABYTE = 1 << 20


class Runtime:
    """Used by one thread at a time, but for `kill`."""

    def __init__(self, launch: Callable[[], Launch], limits: Limits, log: RuntimeLog) -> None:
        """`launch` is asked anew before each start of a process; `log` takes what it writes."""
        self._launch = launch
        self._limits = limits
        self._log = log
        self._api = RuntimeApi()
        self._process: RuntimeProcess | None = None
        self._idle: Request | None = None  # the runtime's unanswered request for the next event
        self._freeze = True

    def start(self, deadline: float, seconds: float) -> None:
        """Launch a process and wait until it asks for an event; a RuntimeFailureError ends it.

        Within `seconds` until `deadline`: those of the init phase, or the function's timeout during an invocation.
        """
        try:
            self._settle(self._first_request(deadline, seconds))
        except failures.RuntimeFailureError:
            self.end()
            raise

    def waits(self) -> bool:
        """Whether a process waits for an event (it may have been killed since the last one)."""
        if self._idle is not None and self._process and self._process.exit_status() is None:
            return True
        self.end()
        return False

    def exchange(self, event: Event, deadline: float) -> Request:
        """Answer the waiting request with the event and await what is posted back; RuntimeFailureError instead."""
        assert self._idle is not None
        assert self._process is not None
        remaining = deadline - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + remaining) * 1000)),
            **event.headers,
        }
        request, self._idle = self._idle, None
        if self._freeze:
            self._process.thaw()
        with contextlib.suppress(OSError):  # it has gone: waiting for it tells how
            request.answer(HTTPStatus.OK, event.payload, headers)
        expected = f"/invocation/{event.request_id}/"
        while True:
            posted = self._wait(deadline, self._limits.timeout)
            if posted.method == "POST" and posted.resource.startswith(expected):
                _acknowledge(posted)
                return posted
            _refuse(posted)

    def await_idle(self, deadline: float) -> None:
        """Wait until the next event is asked for: all there is to log is written by then."""
        try:
            while (request := self._wait(deadline, self._limits.timeout)).resource != "/invocation/next":
                _refuse(request)
        except failures.RuntimeFailureError:
            self.end()  # the answer stands; the next invocation starts another process
            return
        self._settle(request)

    def peak_megabytes(self, failure: failures.RuntimeFailureError | None) -> int:
        """The most memory that the process held, at most its limit."""
        limit = self._limits.memory_size
        if self._process is None or isinstance(failure, failures.OutOfMemoryError):
            return limit if failure else 0
        return min(limit, self._process.peak_bytes() // MEGABYTE)

    def kill(self) -> None:
        """Let whoever waits for the process find it ended."""
        if process := self._process:
            process.kill()

    def end(self) -> None:
        """End the process, if there is one, and take over what it has written last."""
        process, self._process, self._idle = self._process, None, None
        if process is None:
            return
        process.kill()
        self._read_log(process)
        self._api.forget(process.log)
        self._api.disconnect()
        process.close()

    def close(self) -> None:
        """End the process and the API."""
        self.end()
        self._api.close()

    def _first_request(self, deadline: float, seconds: float) -> Request:
        limit = self._limits.memory_size * MEGABYTE
        try:
            launch = self._launch()
            variables = {**launch.variables, "AWS_LAMBDA_RUNTIME_API": self._api.address}
            self._freeze = launch.freeze
            self._process = RuntimeProcess(launch.command, launch.directory, variables, limit)
        except OSError as error:
            raise failures.InvalidEntrypointError(error) from error
        process = self._process
        self._api.watch(process.log, lambda: self._read_log(process))
        while True:
            request = self._wait(deadline, seconds)
            if request.resource == "/invocation/next":
                return request
            if request.resource == "/init/error":
                with contextlib.suppress(OSError):
                    request.answer(HTTPStatus.ACCEPTED)
                raise failures.InitError(request.body)
            _refuse(request)

    def _settle(self, request: Request) -> None:
        assert self._process is not None
        self._idle = request
        if self._freeze:
            self._process.freeze()
        self._read_log(self._process)

    def _wait(self, deadline: float, seconds: float) -> Request:
        """The runtime's next request.

        Raises TaskTimeoutError at `deadline`, `seconds` being what the message names, RuntimeExitError when
        the process ends before it and OutOfMemoryError when it holds more than it may.
        """
        assert self._process is not None
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise failures.TaskTimeoutError(seconds)
            if request := self._api.poll(min(remaining, CHECK_SECONDS)):
                return request
            if self._process.exceeds_memory():
                raise failures.OutOfMemoryError
            if (status := self._process.exit_status()) is not None:
                if request := self._api.poll(0):  # sent just before the end
                    return request
                raise failures.RuntimeExitError(status)

    def _read_log(self, process: RuntimeProcess) -> None:
        """Take over what the pipe holds; it never holds more than one reading."""
        try:
            data = os.read(process.log, LOG_BYTES)
        except BlockingIOError:
            return
        self._log.feed(data)
        if not data:
            self._api.forget(process.log)  # closed: it would be readable for ever


def _acknowledge(posted: Request) -> None:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large(posted.body) else HTTPStatus.ACCEPTED
    with contextlib.suppress(OSError):
        posted.answer(status, b'{"status":"OK"}')


def _refuse(request: Request) -> None:
    """Answer a request that does not belong to this moment, or not to the Runtime API."""
    if request.is_known:
        status, error = HTTPStatus.BAD_REQUEST, {"errorType": "InvalidRequestID"}
    else:
        words = f"There is no {request.path} here: extensions and telemetry run on AWS only"
        status, error = HTTPStatus.NOT_FOUND, {"errorType": "NotSupported", "errorMessage": words}
    with contextlib.suppress(OSError):
        request.answer(status, json.dumps(error).encode())
