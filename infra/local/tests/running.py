"""A LocalStack of the tests' own, as the command line starts it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from embedded_cloud import localstack

ENVIRONMENTS = Path(__file__).parents[3] / ".local" / "envs"
LOCALSTACK_PYTHON = Path(os.environ.get("LOCALSTACK_PYTHON") or ENVIRONMENTS / "localstack/bin/python")
LAMBDA_PYTHON = Path(os.environ.get("LAMBDA_PYTHON") or ENVIRONMENTS / "lambda/bin/python")
RUNTIME = "python{}.{}".format(*sys.version_info)  # all environments are of one Python
CREDENTIALS = {
    "region_name": localstack.REGION,
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}

T = TypeVar("T")


def eventually(condition: Callable[[], T], seconds: float = 60) -> T:
    """The first truthy value of `condition`, asked again and again; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        time.sleep(0.02)
    return value


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Localstack:
    """One process with a state folder and a port; it can be killed and started again."""

    def __init__(
        self,
        state: Path,
        *,
        mirrored_buckets: Sequence[str] = (),
        overrides: dict[str, str] | None = None,
    ) -> None:
        self.state = state
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client_settings = {"endpoint_url": self.url, **CREDENTIALS}
        self._environment = localstack.environment(
            state, self.port, LAMBDA_PYTHON, mirrored_buckets=mirrored_buckets
        ) | (overrides or {})
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        localstack.prepare(self.state)
        with (self.state / "localstack.log").open("ab") as log:
            self.process = subprocess.Popen(
                localstack.command(LOCALSTACK_PYTHON), env=self._environment, stdout=log, stderr=log
            )
        eventually(self._ready, 60)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.state / "localstack.log").read_text()[-4000:]
        return localstack.is_ready(self.url)

    def kill(self) -> None:
        """End it at once, as ``kill -9`` does; its functions' processes end with it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
