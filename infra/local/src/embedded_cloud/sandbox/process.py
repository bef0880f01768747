"""The operating system's side of an execution environment: one process group, watched and frozen."""

import contextlib
import fcntl
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded_cloud.sandbox import memory

F_SETSIG = 10  # Linux; the fcntl module does not name it
FILE_DESCRIPTORS = 1024  # Lambda's quota of an execution environment
CHECK_SECONDS = 0.05  # how often the memory is looked at


class RuntimeProcess:
    """A runtime in a process group of its own, which cannot outlive the process that started it."""

    def __init__(
        self,
        command: Sequence[str],
        directory: Path,
        variables: Mapping[str, str],
        memory_limit: int,
    ) -> None:
        """Start `command` in `directory`, with `variables` and nothing else as its environment.

        `memory_limit` is in bytes; whoever waits for the process asks `exceeds_memory`.

        Raises OSError when the command cannot be started.
        """
        self.log, log_end = os.pipe()
        leash_end, self._leash = os.pipe()
        os.set_blocking(self.log, False)
        try:
            self._popen = subprocess.Popen(
                command,
                cwd=directory,
                env={**variables, "_LAMBDA_TELEMETRY_LOG_FD": str(log_end)},
                stdin=subprocess.DEVNULL,
                stdout=log_end,
                stderr=subprocess.STDOUT,
                pass_fds=(leash_end, log_end),
                process_group=0,
            )
            self._tie(leash_end)
        except OSError:
            self.close()
            raise
        finally:
            os.close(log_end)
            os.close(leash_end)
        self._memory_limit = memory_limit
        self._peak_bytes = 0

    def _tie(self, leash_end: int) -> None:
        """Let the kernel kill the whole group once no one holds the other end of the leash.

        The read end lives in the child alone, the write end here alone: when this process ends,
        even by SIGKILL, the pipe breaks, and its owner (the group) gets the signal set for it.
        """
        fcntl.fcntl(leash_end, fcntl.F_SETOWN, -self._popen.pid)
        fcntl.fcntl(leash_end, F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(leash_end, fcntl.F_GETFL)
        fcntl.fcntl(leash_end, fcntl.F_SETFL, flags | os.O_ASYNC)
        resource.prlimit(self._popen.pid, resource.RLIMIT_NOFILE, (FILE_DESCRIPTORS, FILE_DESCRIPTORS))

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_status(self) -> int | None:
        """The exit code, the negative number of the fatal signal, or None while it runs."""
        return self._popen.poll()

    def freeze(self) -> None:
        """Stop the group from running, as Lambda does between invocations."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen group run again."""
        self._signal(signal.SIGCONT)

    def kill(self) -> int:
        """End the group and return the runtime's exit status."""
        self._signal(signal.SIGKILL)
        return self._popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # already gone
            os.killpg(self._popen.pid, number)

    def exceeds_memory(self) -> bool:
        """Whether the process and its children hold more memory than its limit.

        Pages of files, such as shared libraries, do not count: the kernel can always drop them.
        """
        held = memory.held_by(self.pid)
        self._peak_bytes = max(self._peak_bytes, held.resident)
        return held.private > self._memory_limit

    def peak_bytes(self) -> int:
        """The most memory that was held so far, files' pages included."""
        self._peak_bytes = max(self._peak_bytes, memory.peak_of(self.pid), memory.held_by(self.pid).resident)
        return self._peak_bytes

    def close(self) -> None:
        """Give back the pipes."""
        os.close(self.log)
        os.close(self._leash)
