"""An execution environment: one runtime process, initialised once and invoked many times.

It follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: a process
that fails or exceeds the timeout is ended, and the next invocation initialises another one in the
same environment, within the function's timeout; between invocations the process is frozen.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from embedded_cloud.sandbox import failures, isolation
from embedded_cloud.sandbox.invocation import Event, Launch, Limits, Outcome, response_too_large, too_large
from embedded_cloud.sandbox.log import RuntimeLog
from embedded_cloud.sandbox.platform_log import PlatformLog, Usage
from embedded_cloud.sandbox.runtime import Runtime
from embedded_cloud.sandbox.runtime_api import Request

INIT_SECONDS = 10.0


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
        self._limits = limits
        self._platform = platform
        self._scratch = scratch
        scratch.mkdir(parents=True, mode=0o700)
        isolation.limit(scratch, limits.ephemeral_storage)
        self._runtime = Runtime(launch, limits, log)
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
            self._runtime.end()

    def stop(self, *, now: bool = False) -> None:
        """Give everything back: after the running invocation, or `now`, which cuts it short."""
        self._stopped.set()
        if now:
            self._runtime.kill()
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
                self._runtime.close()
                isolation.discard(self._scratch)
            finally:
                self._in_use.release()

    def _invoke(self, event: Event) -> Outcome:
        limits, runtime = self._limits, self._runtime
        self._log.write(*self._platform.started(event.request_id))
        started = time.monotonic()
        deadline = started + limits.timeout
        failure: failures.RuntimeFailureError | None = None
        answer: Request | None = None
        try:
            if not runtime.waits():
                self._start("invoke", deadline, limits.timeout)  # suppressed: part of the duration
            answer = runtime.exchange(event, deadline)
            duration = (time.monotonic() - started) * 1000
            runtime.await_idle(deadline)
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
        peak = self._runtime.peak_megabytes(failure)
        if failure is not None:
            self._runtime.end()
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

    def _start(self, phase: str, deadline: float, seconds: float) -> float:
        """Initialise a process, within `seconds` until `deadline`; the milliseconds that it took."""
        self._log.write(*self._platform.init_started(phase))
        started = time.monotonic()
        failure: failures.RuntimeFailureError | None = None
        try:
            self._runtime.start(deadline, seconds)
        except failures.RuntimeFailureError as caught:
            failure = caught
            raise
        finally:
            duration = (time.monotonic() - started) * 1000
            self._log.write(*self._platform.init_ended(phase, duration, failure))
        return duration
