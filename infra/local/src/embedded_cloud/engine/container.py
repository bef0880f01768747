"""A container that is none: a sandbox with an HTTP endpoint, described as the Engine API describes containers."""

import shutil
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from embedded_cloud.engine import specification
from embedded_cloud.engine.emulator import Emulator
from embedded_cloud.engine.errors import RefusedError
from embedded_cloud.engine.output import Output
from embedded_cloud.sandbox import isolation
from embedded_cloud.sandbox.failures import OutOfMemoryError
from embedded_cloud.sandbox.invocation import Event, Launch, Outcome
from embedded_cloud.sandbox.log import LogEvent, RuntimeLog
from embedded_cloud.sandbox.platform_log import TextLog
from embedded_cloud.sandbox.runtimes import Runtimes
from embedded_cloud.sandbox.sandbox import Sandbox, SandboxStoppedError
from embedded_cloud.sandbox.variables import runtime_variables

VERSION = "$LATEST"
KILLED = 137


class Container:
    """Created, then running, then exited; calls and the endpoint's threads may meet at any moment."""

    def __init__(self, body: Mapping[str, Any], python: Path, runtime: str, scratch: Path) -> None:
        """`body` is that of the call that creates it; RefusedError for what a process cannot be.

        `python` is the interpreter, `runtime` Lambda's name of the function's; `scratch` is for temporary files.
        """
        self.id = uuid.uuid4().hex + uuid.uuid4().hex
        self.wants = specification.read(body)
        self.name = f"{self.wants.function}-{self.id[:12]}"
        self.status = "created"
        self.output = Output()
        self._body = body
        self._python, self._runtime = python, runtime
        self._scratch = scratch / self.id[:12]
        self._created = datetime.now(UTC).isoformat()
        self._exit_code = 0
        self._out_of_memory = False
        self._initialised, self._stopped = threading.Event(), threading.Event()
        self._change = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._emulator: Emulator | None = None

    def start(self) -> None:
        """Listen at once and initialise the runtime meanwhile; RefusedError when the port is taken."""
        with self._change:
            if self.status != "created":
                return
            try:
                emulator = self._emulator = Emulator(self.wants.address, self._invoke)
            except OSError as error:
                host, port = self.wants.address
                taken = f"Ports are not available: exposing port TCP {host}:{port}: {error}"
                raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, taken) from error
            self.output.write(
                f"{self.wants.function} runs without a container: as a process of your user, with its files and "
                f"network, on {self._runtime} of this machine"
            )
            self._sandbox = Sandbox(
                self._launch, self.wants.limits, TextLog(VERSION), self._scratch, RuntimeLog(self._log)
            )
            self.status = "running"
        for work in (self._initialise, emulator.serve_forever):
            threading.Thread(target=work, daemon=True).start()

    def stop(self) -> None:
        """End the process and give the port back; harmless to repeat."""
        with self._change:
            emulator, self._emulator = self._emulator, None
            if self.status == "running":
                self.status, self._exit_code = "exited", KILLED
        self._stopped.set()
        self.output.close()
        if self._sandbox:
            self._sandbox.stop(now=True)
        if emulator:
            emulator.close()

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def wait(self) -> int:
        """The exit code, once it has stopped."""
        self._stopped.wait()
        return self._exit_code

    def summary(self) -> dict[str, Any]:
        """Its line of `GET /containers/json`."""
        described = {"Id": self.id, "Names": [f"/{self.name}"], "Image": self.wants.image}
        return {**described, "Labels": self.wants.labels, "State": self.status, "Status": self.status}

    def inspect(self) -> dict[str, Any]:
        """What `GET /containers/{id}/json` answers."""
        running = self.status == "running"
        host, port = self.wants.address
        published = {specification.ENDPOINT_PORT: [{"HostIp": host, "HostPort": str(port)}]} if running else {}
        code = {"Type": "bind", "Source": str(self.wants.task_root), "Destination": specification.TASK_ROOT}
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Created": self._created,
            "Image": self.wants.image,
            "Config": {**self._body, "Tty": False},
            "HostConfig": self._body.get("HostConfig") or {},
            "Mounts": [{**code, "RW": True}],
            "State": {
                "Status": self.status,
                "Running": running,
                "OOMKilled": self._out_of_memory,
                "ExitCode": self._exit_code,
            },
            "NetworkSettings": {"Ports": published, "Networks": {"host": {}}},
        }

    def _initialise(self) -> None:
        assert self._sandbox is not None
        with suppress(SandboxStoppedError):
            if not self.wants.debug_options:  # a debugger may be waited for, longer than an init phase lasts
                self._sandbox.initialise()
        self._initialised.set()

    def _invoke(self, payload: bytes) -> Outcome | None:
        """None when it is stopped meanwhile."""
        assert self._sandbox is not None
        self._initialised.wait()
        region, account = (self.wants.variables.get(name, "") for name in ("AWS_REGION", "AWS_ACCOUNT_ID"))
        arn = f"arn:aws:lambda:{region}:{account}:function:{self.wants.function}"
        event = Event(str(uuid.uuid4()), payload, {"Lambda-Runtime-Invoked-Function-Arn": arn})
        try:
            outcome = self._sandbox.invoke(event)
        except SandboxStoppedError:
            return None
        self._out_of_memory = isinstance(outcome.failure, OutOfMemoryError)
        return None if self._stopped.is_set() else outcome

    def _launch(self) -> Launch:
        handler = self.wants.variables.get("AWS_LAMBDA_FUNCTION_HANDLER", "")
        started = Runtimes(self._python).start(self._runtime, handler, self.wants.task_root, None, [])
        variables = runtime_variables(
            {"TZ": ":UTC", **self.wants.variables, "_HANDLER": handler},
            {},
            programs=[started.programs],
            task_root=self.wants.task_root,
            runtime=self._runtime,
            scratch=self._scratch,
        )
        command = list(started.command)
        command[2:2] = self.wants.debug_options  # before the module that Python runs
        if wrapper := variables.get("AWS_LAMBDA_EXEC_WRAPPER"):
            command.insert(0, wrapper)
        launch = Launch(command, self.wants.task_root, variables)
        return isolation.isolated(launch, self.wants.task_root, None, self._scratch)

    def _log(self, events: list[LogEvent]) -> None:
        for _, message in events:
            self.output.write(message.rstrip("\n"))
