"""A container that is none: a sandbox with an HTTP endpoint, described as the Engine API describes containers."""

import shutil
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from embedded_cloud.engine.emulator import Emulator
from embedded_cloud.engine.errors import RefusedError, not_runnable
from embedded_cloud.engine.output import Output
from embedded_cloud.plugins.executor.invocation import Event, Launch, Limits, Outcome
from embedded_cloud.plugins.executor.log import LogEvent
from embedded_cloud.plugins.executor.report import OutOfMemoryError
from embedded_cloud.plugins.executor.sandbox import MEGABYTE, Sandbox, SandboxStoppedError
from embedded_cloud.plugins.executor.variables import runtime_variables

TASK_ROOT = "/var/task"
ENDPOINT_PORT = "8080/tcp"
UNLIMITED = 10_240  # megabytes: Lambda's largest function
KILLED = 137


class Container:
    """Created, then running, then exited; `start`, `stop` and the endpoint's threads may meet at any moment."""

    def __init__(self, description: Mapping[str, Any], python: Path, runtime: str, scratch: Path) -> None:
        """`description` is the body of the call that creates a container; `scratch` holds temporary files.

        Raises RefusedError for what a process cannot do.
        """
        self.id = uuid.uuid4().hex + uuid.uuid4().hex
        self.description = description
        self.output = Output()
        self.stopped = threading.Event()
        self.status = "created"
        self._host: Mapping[str, Any] = description.get("HostConfig") or {}
        self._python, self._runtime = python, runtime
        self._scratch = scratch / self.id[:12]
        self._created = datetime.now(UTC).isoformat()
        self._exit_code = 0
        self._out_of_memory = False
        self._task_root = _folder_at(TASK_ROOT, self._host)
        self._variables = dict(variable.partition("=")[::2] for variable in description.get("Env") or [])
        self._address = _published(self._host)
        self._initialised = threading.Event()
        self._change = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._emulator: Emulator | None = None

    @property
    def function(self) -> str:
        return str(self._variables.get("AWS_LAMBDA_FUNCTION_NAME", "function"))

    @property
    def name(self) -> str:
        return f"{self.function}-{self.id[:12]}"

    @property
    def image(self) -> str:
        image: str = self.description.get("Image", "")
        return image

    @property
    def labels(self) -> set[str]:
        """As filters name them: ``name`` or ``name=value``."""
        labels = self.description.get("Labels") or {}
        return {*labels, *(f"{name}={value}" for name, value in labels.items())}

    def start(self) -> None:
        """Listen at once and initialise the runtime meanwhile; RefusedError when the port is taken."""
        with self._change:
            if self.status != "created":
                return
            try:
                self._emulator = Emulator(self._address, self._invoke)
            except OSError as error:
                taken = f"Ports are not available: exposing port TCP {self._address[0]}:{self._address[1]}: {error}"
                raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, taken) from error
            self.output.write(
                f"{self.function} runs without a container: as a process of your user, with its files and network, on "
                f"{self._runtime} of this machine"
            )
            self._sandbox = Sandbox(self._launch, self._limits(), "$LATEST", self._scratch, self._log)
            self.status = "running"
        for work in (self._initialise, self._emulator.serve_forever):
            threading.Thread(target=work, daemon=True).start()

    def stop(self, exit_code: int = KILLED) -> None:
        """End the process and give the port back; harmless to repeat."""
        with self._change:
            emulator, self._emulator = self._emulator, None
            if self.status == "running":
                self.status, self._exit_code = "exited", exit_code
        self.stopped.set()
        self.output.close()
        if self._sandbox:
            self._sandbox.stop(now=True)
        if emulator:
            emulator.close()

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def inspect(self) -> dict[str, Any]:
        """What `GET /containers/{id}/json` answers."""
        running = self.status == "running"
        host, port = self._address
        published = {ENDPOINT_PORT: [{"HostIp": host, "HostPort": str(port)}]} if running else {}
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Created": self._created,
            "Image": self.image,
            "Config": {**self.description, "Tty": False},
            "HostConfig": dict(self._host),
            "Mounts": [{"Type": "bind", "Source": str(self._task_root), "Destination": TASK_ROOT, "RW": False}],
            "State": {
                "Status": self.status,
                "Running": running,
                "OOMKilled": self._out_of_memory,
                "ExitCode": self._exit_code,
            },
            "NetworkSettings": {"Ports": published, "Networks": {"host": {}}},
        }

    def summary(self) -> dict[str, Any]:
        """Its line of `GET /containers/json`."""
        return {
            "Id": self.id,
            "Names": [f"/{self.name}"],
            "Image": self.image,
            "State": self.status,
            "Status": self.status,
        }

    def wait(self) -> int:
        """The exit code, once it has stopped."""
        self.stopped.wait()
        return self._exit_code

    def _initialise(self) -> None:
        assert self._sandbox is not None
        try:
            self._sandbox.initialise()
        except SandboxStoppedError:
            pass
        finally:
            self._initialised.set()

    def _invoke(self, payload: bytes) -> Outcome | None:
        assert self._sandbox is not None
        self._initialised.wait()
        variables = self._variables
        region, account = variables.get("AWS_REGION", ""), variables.get("AWS_ACCOUNT_ID", "")
        arn = f"arn:aws:lambda:{region}:{account}:function:{self.function}"
        event = Event(str(uuid.uuid4()), payload, {"Lambda-Runtime-Invoked-Function-Arn": arn})
        try:
            outcome = self._sandbox.invoke(event)
        except SandboxStoppedError:
            return None
        self._out_of_memory = isinstance(outcome.failure, OutOfMemoryError)
        return None if self.stopped.is_set() else outcome

    def _limits(self) -> Limits:
        memory = (self._host.get("Memory") or 0) // MEGABYTE
        return Limits(float(self._variables.get("AWS_LAMBDA_FUNCTION_TIMEOUT", 3)), memory or UNLIMITED)

    def _launch(self) -> Launch:
        handler = self._variables.get("AWS_LAMBDA_FUNCTION_HANDLER", "")
        variables = runtime_variables(
            {"TZ": ":UTC", **self._variables, "_HANDLER": handler},
            {},
            python=self._python,
            task_root=self._task_root,
            runtime=self._runtime,
            scratch=self._scratch,
        )
        command = [str(self._python), "-B", "-m", "awslambdaric", handler]
        if wrapper := variables.get("AWS_LAMBDA_EXEC_WRAPPER"):
            command.insert(0, wrapper)
        return Launch(command, self._task_root, variables)

    def _log(self, events: list[LogEvent]) -> None:
        for _, message in events:
            self.output.write(message.rstrip("\n"))


def _folder_at(target: str, host: Mapping[str, Any]) -> Path:
    """The folder that is mounted at `target`; its own path may hold colons."""
    for bind in host.get("Binds") or []:
        source, found, options = bind.rpartition(f":{target}")
        if found and options[:1] in ("", ":"):
            return Path(source)
    raise not_runnable(f"Nothing is mounted at {target}")


def _published(host: Mapping[str, Any]) -> tuple[str, int]:
    """Where the endpoint's port is published: on loopback, or it is refused."""
    try:
        binding = host["PortBindings"][ENDPOINT_PORT][0]
    except (KeyError, IndexError, TypeError):
        raise not_runnable(f"Port {ENDPOINT_PORT} is not published") from None
    address = binding.get("HostIp") or "0.0.0.0"  # noqa: S104 - what Docker takes an empty one for
    if not ip_address(address).is_loopback:
        raise not_runnable(f"Ports are published on 127.0.0.1 only, not on {address}")
    return address, int(binding["HostPort"])
