"""LocalStack's `RuntimeExecutor`, filled by a sandbox that runs AWS's own runtime client."""

import base64
import functools
import json
import logging
import os
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

from localstack.runtime import events
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult, LayerVersion
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from embedded_cloud.plugins.cloudwatch import LogStream, cloudwatch
from embedded_cloud.sandbox import development, isolation, layers
from embedded_cloud.sandbox.invocation import Event, Launch, Limits
from embedded_cloud.sandbox.log import RuntimeLog
from embedded_cloud.sandbox.platform_log import JsonLog, PlatformLog, TextLog
from embedded_cloud.sandbox.runtimes import BrokenRuntimeError, Runtimes
from embedded_cloud.sandbox.sandbox import Sandbox
from embedded_cloud.sandbox.variables import runtime_variables

LOG = logging.getLogger(__name__)


class ProcessExecutor(RuntimeExecutor):
    """One execution environment of one function version."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._sandbox: Sandbox | None = None
        self._fingerprint: object = None
        self._given: dict[str, str] = {}
        self.client_context: str | None = None  # of the next invocation, Base64
        self._scratch = Path(tempfile.gettempdir(), "environments", id)

    def start(self, env_vars: dict[str, str]) -> None:
        """Initialise a runtime; a handler that fails to load is reported by the invocation."""
        self._given = env_vars
        settings = self.function_version.config
        ship = functools.partial(cloudwatch.log, self._log_stream(env_vars))
        self._sandbox = Sandbox(
            self._launch,
            Limits(settings.timeout, settings.memory_size, settings.ephemeral_storage.size),
            self._platform_log(env_vars["AWS_LAMBDA_INITIALIZATION_TYPE"]),
            self._scratch,
            RuntimeLog(ship, self._application_level or "TRACE"),
        )
        self._sandbox.initialise()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run one invocation; errors of the function are results, not exceptions."""
        assert self._sandbox is not None
        if self._fingerprint != self._current_fingerprint():
            self._sandbox.reset()
        outcome = self._sandbox.invoke(_event(payload, self.client_context))
        return InvocationResult(
            request_id=payload["invoke-id"],
            payload=outcome.payload,
            is_error=outcome.is_error,
            logs=outcome.logs,
        )

    def stop(self) -> None:
        """End the process: after the invocation it serves, unless LocalStack itself stops."""
        if self._sandbox is not None:
            self._sandbox.stop(now=events.infra_stopping.is_set())

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return ""  # for LocalStack's init program, which does not run here

    def get_logs(self) -> str:
        return ""  # they are on their way to CloudWatch already

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unzip the code and the layers; raises LambdaRuntimeException where the runtime environment is broken."""
        runtimes_here()
        function_version.config.code.prepare_for_execution()
        layers.opt(unzipped(function_version.config.layers))

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing is kept beside the code, which LocalStack removes itself."""

    def _log_stream(self, variables: dict[str, str]) -> LogStream:
        return LogStream(
            self.function_version.id.account,
            self.function_version.id.region,
            variables["AWS_LAMBDA_LOG_GROUP_NAME"],
            variables["AWS_LAMBDA_LOG_STREAM_NAME"],
        )

    def _platform_log(self, initialization_type: str) -> PlatformLog:
        identity, settings = self.function_version.id, self.function_version.config
        if not self._application_level:
            return TextLog(identity.qualifier)
        level = settings.logging_config.get("SystemLogLevel", "INFO")
        return JsonLog(identity.function_name, identity.qualifier, settings.runtime, initialization_type, level)

    @property
    def _application_level(self) -> str | None:
        """The lowest level that application logs are written with; None in the text format, which knows no levels."""
        settings = self.function_version.config.logging_config or {}
        return settings.get("ApplicationLogLevel", "INFO") if settings.get("LogFormat") == "JSON" else None

    def _task_root(self) -> Path:
        return Path(self.function_version.config.code.get_unzipped_code_location()).absolute()

    def _sources(self) -> Sequence[Path]:
        return development.folders(self.function_version.id.function_name)

    def _watched(self) -> Sequence[Path]:
        """The folders whose edits replace the process."""
        hot = self.function_version.config.code.is_hot_reloading()
        return self._sources() or ([self._task_root()] if hot else [])

    def _current_fingerprint(self) -> object:
        return development.fingerprint(self._watched())

    def _launch(self) -> Launch:
        self._fingerprint = self._current_fingerprint()
        settings = self.function_version.config
        task_root, opt, sources = self._task_root(), layers.opt(unzipped(settings.layers)), self._sources()
        started = runtimes().start(settings.runtime, settings.handler, task_root, opt, sources)
        given = {**self._given, **lent_credentials(), **started.variables, **(layers.variables(opt) if opt else {})}
        configured = settings.environment or {}
        for searched in ("PYTHONPATH", "NODE_PATH", "LD_LIBRARY_PATH"):  # the runtime's own folders stay in force
            if searched in given and searched in configured:
                configured = {**configured, searched: os.pathsep.join((given[searched], configured[searched]))}
        variables = runtime_variables(
            given,
            configured,
            programs=[started.programs, *([opt / "bin"] if opt else [])],
            task_root=task_root,
            runtime=settings.runtime,
            scratch=self._scratch,
        )
        if level := self._application_level:
            variables |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}
        command = list(started.command)
        if wrapper := variables.get("AWS_LAMBDA_EXEC_WRAPPER"):
            command.insert(0, wrapper)
        directory = sources[0] if sources else task_root
        launch = Launch(command, directory, variables, freeze=not self._watched())
        # What is edited stays where it is: debuggers look for it there.
        return isolation.isolated(launch, task_root if launch.freeze else None, opt, self._scratch)


def _event(payload: dict[str, str], client_context: str | None) -> Event:
    headers = {
        "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
        "Lambda-Runtime-Trace-Id": payload["trace-id"],
    }
    if client_context and client_context != "{}":  # which LocalStack's function URLs give, in no Base64
        context = json.loads(base64.b64decode(client_context))
        headers["Lambda-Runtime-Client-Context"] = json.dumps(context)  # ASCII, for a header
    return Event(payload["invoke-id"], payload["payload"].encode(), headers)


def interpreter() -> Path:
    """The Python of the runtime environment; LambdaRuntimeException when LAMBDA_PROCESS_PYTHON does not name it."""
    path = os.environ.get("LAMBDA_PROCESS_PYTHON", "")
    if not os.access(path, os.X_OK):
        raise LambdaRuntimeException(f"LAMBDA_PROCESS_PYTHON names no interpreter: {path!r}")
    return Path(path).absolute()


def runtimes() -> Runtimes:
    """Of this machine; `LAMBDA_PROCESS_RUNTIMES` is a folder with environments of more Pythons."""
    more = os.environ.get("LAMBDA_PROCESS_RUNTIMES")
    return Runtimes(interpreter(), Path(more) if more else None)


def runtimes_here() -> list[str]:
    """The names of the runtimes that functions may have; LambdaRuntimeException where the environment is broken."""
    try:
        return runtimes().names()
    except BrokenRuntimeError as broken:
        raise LambdaRuntimeException(str(broken)) from broken


def unzipped(versions: Sequence[LayerVersion]) -> list[Path]:
    """The folders of layers, in their order."""
    for version in versions:
        version.code.prepare_for_execution()
    return [Path(version.code.get_unzipped_code_location()).absolute() for version in versions]


def lent_credentials() -> dict[str, str]:
    """`LAMBDA_PROCESS_CREDENTIALS` as ``key:secret``, for an S3 beside LocalStack's that checks who comes.

    They take the place of the role's, which are known to LocalStack alone; it takes any.
    """
    key, _, secret = os.environ.get("LAMBDA_PROCESS_CREDENTIALS", "").partition(":")
    if not key:
        return {}
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": ""}


def allow_many_environments() -> None:
    """Raise the limit on open files: each environment takes five descriptors of this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
