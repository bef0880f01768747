"""Services as detached processes: started, found again, health-checked, stopped.

There are no pid files to go stale. Each process carries a mark in its environment that names its state folder and
service, and is found by it: after a crash, after an interrupted start, never after a reboot.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from embedded_cloud.errors import CloudError

MARK = "EMBEDDED_CLOUD_SERVICE"
LOG_BYTES = 20 * 2**20  # of a log that a start begins anew, keeping the one before


@dataclass(frozen=True, slots=True)
class Service:
    """How to run one server. `ready` is asked until it says yes; it must not raise while the server starts."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 60


def find(root: Path, name: str | None = None) -> Iterator[psutil.Process]:
    """The running processes of a state folder, or those of one service."""
    prefix = f"{root.resolve()}:{name or ''}"
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            mark = process.environ().get(MARK, "")
            if mark == prefix or (name is None and mark.startswith(prefix)):
                yield process


def start(root: Path, service: Service, log: Path) -> None:
    """Start a service in a session of its own and return when it is ready.

    Raises CloudError with the end of its log if it exits or is not ready in time; it is stopped then.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    environment = {**service.environment, MARK: f"{root.resolve()}:{service.name}"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            service.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=root,
        )
    deadline = time.monotonic() + service.timeout_seconds
    try:
        while not service.ready():
            if process.poll() is not None:
                raise _failed(service, log, f"exited with {process.returncode}")
            if time.monotonic() > deadline:
                raise _failed(service, log, f"was not ready after {service.timeout_seconds:.0f} s")
            time.sleep(0.05)
    except BaseException:
        stop(root, service.name)
        raise


def stop(root: Path, name: str, grace_seconds: float = 15) -> None:
    """Ask a service to stop, then insist; returns when neither it nor a child of it is left.

    Asked by SIGINT: to PostgreSQL that is the fast shutdown (SIGTERM would wait for its clients), to the others it is
    the same as SIGTERM.
    """
    for process in list(find(root, name)):
        with suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            process.send_signal(signal.SIGINT)
            if not _gone(family, grace_seconds):
                for left in family:
                    with suppress(psutil.NoSuchProcess):
                        left.kill()
                _gone(family, grace_seconds)


def memory(process: psutil.Process) -> int:
    """Bytes that a service and all it started take, those that processes share counted once."""
    taken = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            taken += each.memory_full_info().pss
    return taken


def _gone(family: Sequence[psutil.Process], timeout_seconds: float) -> bool:
    """Whether all end in time. A zombie has ended: when its parent reaps it is not ours to wait for."""
    deadline = time.monotonic() + timeout_seconds
    while any(_alive(process) for process in family):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _failed(service: Service, log: Path, what: str) -> CloudError:
    tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-12:])
    return CloudError(f"{service.name} {what}. The end of its log:\n    {tail}", f"The whole log is {log}")
