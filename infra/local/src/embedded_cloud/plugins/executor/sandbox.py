"""An execution environment: one runtime process, initialised once and invoked many times.

It follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: a process
that fails or exceeds the timeout is ended, and the next invocation initialises another one in the
same environment, within the function's timeout; between invocations the process is frozen.
"""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from embedded_cloud.plugins.executor import report
from embedded_cloud.plugins.executor.invocation import Event, Launch, Limits, Outcome
from embedded_cloud.plugins.executor.log import RuntimeLog, Ship
from embedded_cloud.plugins.executor.process import CHECK_SECONDS, RuntimeProcess
from embedded_cloud.plugins.executor.runtime_api import Request, RuntimeApi

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
        version: str,
        scratch: Path,
        ship: Ship,
    ) -> None:
        """Make an empty environment whose temporary files go to `scratch`, a folder of its own.

        `launch` is asked anew before each start of a process; `version` is for the log, whose
        events go to `ship`.
        """
        self._launch = launch
        self._limits = limits
        self._version = version
        self._scratch = scratch
        scratch.mkdir(parents=True, mode=0o700)
        self._api = RuntimeApi()
        self._process: RuntimeProcess | None = None
        self._idle: Request | None = None  # the runtime's unanswered request for the next event
        self._freeze = True
        self._log = RuntimeLog(ship)
        self._init_duration: float | None = None
        self._in_use = threading.Lock()
        self._stopped = threading.Event()

    def initialise(self) -> None:
        """Run the init phase; if it fails, the first invocation tries again and reports it."""
        with self._exclusive():
            started = time.monotonic()
            try:
                self._start(started + INIT_SECONDS, INIT_SECONDS)
            except report.RuntimeFailureError as failure:
                self._fail_init("init", started, failure)

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
                shutil.rmtree(self._scratch, ignore_errors=True)
            finally:
                self._in_use.release()

    # -- one invocation ---------------------------------------------------------------------------

    def _invoke(self, event: Event) -> Outcome:
        limits = self._limits
        self._log.write(report.start_line(event.request_id, self._version))
        started = time.monotonic()
        deadline = started + limits.timeout
        failure: report.RuntimeFailureError | None = None
        answer: Request | None = None
        try:
            if not self._usable():
                self._restart(deadline)
                started = time.monotonic()
            answer = self._exchange(event, deadline)
            duration = (time.monotonic() - started) * 1000
            self._await_idle(deadline)
        except report.RuntimeFailureError as caught:
            failure = caught
            duration = (time.monotonic() - started) * 1000
            if isinstance(failure, report.TaskTimeoutError):
                duration = limits.timeout * 1000
        return self._conclude(event, answer, failure, duration)

    def _conclude(
        self,
        event: Event,
        answer: Request | None,
        failure: report.RuntimeFailureError | None,
        duration: float,
    ) -> Outcome:
        peak = self._peak_megabytes(failure)
        if failure is not None:
            self._end()
            if lines := failure.log_lines(event.request_id):
                self._log.write(lines)
        usage = report.Usage(duration, self._limits.memory_size, peak, self._init_duration, failure)
        self._init_duration = None
        self._log.write(report.end_line(event.request_id))
        self._log.write(report.report_line(event.request_id, usage))
        logs = self._log.take_tail()
        if answer is None:
            assert failure is not None
            return Outcome(failure.payload(event.request_id), True, logs, failure)
        failed = answer.resource.endswith("/error")
        if not failed and report.too_large(answer.body):
            return Outcome(report.response_too_large(), True, logs)
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
        too_large = report.too_large(posted.body)
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.ACCEPTED
        with contextlib.suppress(OSError):
            posted.answer(status, b'{"status":"OK"}')

    def _await_idle(self, deadline: float) -> None:
        """Wait until the runtime asks for the next event: all it has to log is written by then."""
        try:
            while (request := self._wait(deadline, self._limits.timeout)).method != "GET":
                _refuse(request)
        except report.RuntimeFailureError:
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

    def _restart(self, deadline: float) -> None:
        """Initialise during an invocation, within the function's timeout."""
        started = time.monotonic()
        try:
            self._start(deadline, self._limits.timeout)
        except report.RuntimeFailureError as failure:
            self._fail_init("invoke", started, failure)
            raise

    def _start(self, deadline: float, seconds: float) -> None:
        started = time.monotonic()
        launch = self._launch()
        variables = {**launch.variables, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        self._freeze = launch.freeze
        limit = self._limits.memory_size * MEGABYTE
        try:
            self._process = RuntimeProcess(launch.command, launch.directory, variables, limit)
        except OSError as error:
            raise report.InvalidEntrypointError(error) from error
        process = self._process
        self._api.watch(process.log, lambda: self._read_log(process))
        while True:
            request = self._wait(deadline, seconds)
            if request.resource == "/invocation/next":
                break
            if request.resource == "/init/error":
                with contextlib.suppress(OSError):
                    request.answer(HTTPStatus.ACCEPTED)
                raise report.InitError(request.body)
            _refuse(request)
        self._init_duration = (time.monotonic() - started) * 1000
        self._settle(request)

    def _fail_init(self, phase: str, started: float, failure: report.RuntimeFailureError) -> None:
        self._end()
        duration = (time.monotonic() - started) * 1000
        self._log.write(report.init_report_line(duration, phase, failure))

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
                raise report.TaskTimeoutError(seconds)
            if request := self._api.poll(min(remaining, CHECK_SECONDS)):
                return request
            if self._process.exceeds_memory():
                raise report.OutOfMemoryError
            if (status := self._process.exit_status()) is not None:
                if request := self._api.poll(0):  # sent just before the end
                    return request
                raise report.RuntimeExitError(status)

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

    def _peak_megabytes(self, failure: report.RuntimeFailureError | None) -> int:
        limit = self._limits.memory_size
        if self._process is None or isinstance(failure, report.OutOfMemoryError):
            return limit if failure else 0
        return min(limit, self._process.peak_bytes() // MEGABYTE)


def _refuse(request: Request) -> None:
    """Answer a request that does not belong to this moment."""
    with contextlib.suppress(OSError):
        request.answer(HTTPStatus.BAD_REQUEST, b'{"errorType":"InvalidRequestID"}')
