"""The engine as a process of an embedded cloud, and the address that clients know it by."""

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from embedded_cloud import processes
from embedded_cloud.engine import SOCKET
from embedded_cloud.processes import Service
from embedded_cloud.sandbox import isolation

NAME = "engine"
LONGEST_PATH = 107  # bytes of a unix socket's path on Linux


def ensure(root: Path, python: Path, log: Path) -> str:
    """The `DOCKER_HOST` of the engine of state folder `root`, started if it does not run."""
    running = next(processes.find(root, NAME), None)
    if running is None or not _answers(_path(root, running)):
        stop(root)
        processes.start(root, _service(root, python), log)
        running = next(processes.find(root, NAME))
    return f"unix://{_path(root, running)}"


def stop(root: Path) -> None:
    """End the engine and its containers; also takes away the socket of one that was killed."""
    processes.stop(root, NAME)
    (root / SOCKET).unlink(missing_ok=True)


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no earlier engine of this kind takes the place of Docker's own."""
    ours = environment.get("DOCKER_HOST", "").endswith(f"/{SOCKET}")
    return {name: value for name, value in environment.items() if not (ours and name == "DOCKER_HOST")}


def _service(root: Path, python: Path) -> Service:
    return Service(
        name=NAME,
        command=[*isolation.available(), sys.executable, "-m", "embedded_cloud.engine", str(python)],
        environment={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **isolation.variables()},
        ready=lambda: any(_answers(_path(root, process)) for process in processes.find(root, NAME)),
        timeout_seconds=30,
    )


def _path(root: Path, process: psutil.Process) -> Path:
    """The socket's path; the one through the engine's current folder where it is too long or no URL's path."""
    path = root.resolve() / SOCKET
    if len(os.fsencode(path)) <= LONGEST_PATH and not set(str(path)) & set("?#;"):
        return path
    return Path(f"/proc/{process.pid}/cwd/{SOCKET}")


def _answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        return True
    return False
