"""An execution environment: one runtime process, initialised once and invoked many times.

It follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: a process
that fails or exceeds the timeout is ended, and the next invocation initialises another one in the
same environment, within the function's timeout; between invocations the process is frozen.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from embedded_cloud.sandbox import failures, isolation
from embedded_cloud.sandbox.invocation import (
    Event,
    Launch,
    Limits,
    Outcome,
    response_too_large,
    too_large,
)
from embedded_cloud.sandbox.log import RuntimeLog
from embedded_cloud.sandbox.platform_log import PlatformLog, Usage
from embedded_cloud.sandbox.process import CHECK_SECONDS, RuntimeProcess
from embedded_cloud.sandbox.runtime_api import Request, RuntimeApi

INIT_SECONDS = 10.0
LOG_BYTES = 1 << 16
MEGABYTE = 1 << 20


class SandboxStoppedError(Exception):
    """An invocation came after `Sandbox.stop`."""


class Sandbox:
    """Runs one invocation at a time; `stop` may come from another thread at any moment."""

    def __init__(
        self,
        launch: Callable[[], Launch],
        limits: Limits,
        platform: PlatformLog,
        scratch: Path,
        log: RuntimeLog,
    ) -> None:
        """Make an empty environment whose temporary files go to `scratch`, a folder of its own.

        `launch` is asked anew before each start of a process; `log` takes what the runtime writes
        and what `platform` has to say about it.
        """
        self._launch = launch
        self._limits = limits
        self._platform = platform
        self._scratch = scratch
        scratch.mkdir(parents=True, mode=0o700)
        isolation.limit(scratch, limits.ephemeral_storage)
        self._api = RuntimeApi()
        self._process: RuntimeProcess | None = None
        self._idle: Request | None = None  # the runtime's unanswered request for the next event
        self._freeze = True
        self._log = log
        self._init_duration: float | None = None
        self._in_use = threading.Lock()
        self._stopped = threading.Event()

    def initialise(self) -> None:
        """Run the init phase; if it fails, the first invocation tries again and reports it."""
        with self._exclusive(), contextlib.suppress(failures.RuntimeFailureError):
            self._init_duration = self._start("init", time.monotonic() + INIT_SECONDS, INIT_SECONDS)

    def invoke(self, event: Event) -> Outcome:
        """Hand `event` to the runtime and wait for what becomes of it."""
        with self._exclusive():
            return self._invoke(event)

    def reset(self) -> None:
        """End the process, so that the next invocation starts from the code as it is then."""
        with self._exclusive():
            self._end()

    def stop(self, *, now: bool = False) -> None:
        """Give everything back: after the running invocation, or `now`, which cuts it short."""
        self._stopped.set()
        if now and (process := self._process):
            process.kill()
        self._close()

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        try:
            with self._in_use:
                if self._stopped.is_set():
                    raise SandboxStoppedError
                yield
        finally:
            if self._stopped.is_set():
                self._close()

    def _close(self) -> None:
        """Close the sandbox, unless an invocation runs, which then does it at its end."""
        if self._in_use.acquire(blocking=False):
            try:
                self._end()
                self._api.close()
                isolation.discard(self._scratch)
            finally:
                self._in_use.release()

    # -- one invocation ---------------------------------------------------------------------------

    def _invoke(self, event: Event) -> Outcome:
        limits = self._limits
        self._log.write(*self._platform.started(event.request_id))
        started = time.monotonic()
        deadline = started + limits.timeout
        failure: failures.RuntimeFailureError | None = None
        answer: Request | None = None
        try:
            if not self._usable():
                self._start("invoke", deadline, limits.timeout)  # suppressed: part of the duration
            answer = self._exchange(event, deadline)
            duration = (time.monotonic() - started) * 1000
            self._await_idle(deadline)
        except failures.RuntimeFailureError as caught:
            failure = caught
            duration = (time.monotonic() - started) * 1000
            if isinstance(failure, failures.TaskTimeoutError):
                duration = limits.timeout * 1000
        return self._conclude(event, answer, failure, duration)

    def _conclude(
        self,
        event: Event,
        answer: Request | None,
        failure: failures.RuntimeFailureError | None,
        duration: float,
    ) -> Outcome:
        peak = self._peak_megabytes(failure)
        if failure is not None:
            self._end()
        produced = len(answer.body) if answer else 0
        usage = Usage(duration, self._limits.memory_size, peak, produced, self._init_duration, failure)
        self._init_duration = None
        self._log.write(*self._platform.ended(event.request_id, usage))
        logs = self._log.take_tail()
        if answer is None:
            assert failure is not None
            return Outcome(failure.payload(event.request_id), True, logs, failure)
        failed = answer.resource.endswith("/error")
        if not failed and too_large(answer.body):
            return Outcome(response_too_large(), True, logs)
        return Outcome(answer.body, failed, logs)

    def _exchange(self, event: Event, deadline: float) -> Request:
        """Answer the runtime's waiting request with the event and await what it posts back."""
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
                self._acknowledge(posted)
                return posted
            _refuse(posted)

    def _acknowledge(self, posted: Request) -> None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large(posted.body) else HTTPStatus.ACCEPTED
        with contextlib.suppress(OSError):
            posted.answer(status, b'{"status":"OK"}')

    def _await_idle(self, deadline: float) -> None:
        """Wait until the runtime asks for the next event: all it has to log is written by then."""
        try:
            while (request := self._wait(deadline, self._limits.timeout)).resource != "/invocation/next":
                _refuse(request)
        except failures.RuntimeFailureError:
            self._end()  # the answer stands; the next invocation starts another process
            return
        self._settle(request)

    # -- the runtime's life -----------------------------------------------------------------------

    def _usable(self) -> bool:
        """Whether a process waits for an event (it may have been killed since the last one)."""
        if self._idle is not None and self._process and self._process.exit_status() is None:
            return True
        self._end()
        return False

    def _start(self, phase: str, deadline: float, seconds: float) -> float:
        """Initialise a process; the milliseconds that it took.

        Within `seconds` until `deadline`: those of the init phase, or the function's timeout during an invocation.
        """
        self._log.write(*self._platform.init_started(phase))
        started = time.monotonic()
        try:
            self._settle(self._first_request(deadline, seconds))
        except failures.RuntimeFailureError as failure:
            self._end()
            duration = (time.monotonic() - started) * 1000
            self._log.write(*self._platform.init_ended(phase, duration, failure))
            raise
        duration = (time.monotonic() - started) * 1000
        self._log.write(*self._platform.init_ended(phase, duration, None))
        return duration

    def _first_request(self, deadline: float, seconds: float) -> Request:
        """Launch the runtime and wait until it asks for an event."""
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

    def _end(self) -> None:
        process, self._process, self._idle = self._process, None, None
        if process is None:
            return
        process.kill()
        self._read_log(process)
        self._api.forget(process.log)
        self._api.disconnect()
        process.close()

    def _read_log(self, process: RuntimeProcess) -> None:
        """Take over what the pipe holds; it never holds more than one reading."""
        try:
            data = os.read(process.log, LOG_BYTES)
        except BlockingIOError:
            return
        self._log.feed(data)
        if not data:
            self._api.forget(process.log)  # closed: it would be readable for ever

    def _peak_megabytes(self, failure: failures.RuntimeFailureError | None) -> int:
        limit = self._limits.memory_size
        if self._process is None or isinstance(failure, failures.OutOfMemoryError):
            return limit if failure else 0
        return min(limit, self._process.peak_bytes() // MEGABYTE)


def _refuse(request: Request) -> None:
    """Answer a request that does not belong to this moment, or not to the Runtime API."""
    if request.is_known:
        status, error = HTTPStatus.BAD_REQUEST, {"errorType": "InvalidRequestID"}
    else:
        words = f"There is no {request.path} here: extensions and telemetry run on AWS only"
        status, error = HTTPStatus.NOT_FOUND, {"errorType": "NotSupported", "errorMessage": words}
    with contextlib.suppress(OSError):
        request.answer(status, json.dumps(error).encode())
