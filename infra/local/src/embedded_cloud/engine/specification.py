"""What a call to create a container asks for, as far as a process can be it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from embedded_cloud.engine.errors import RefusedError, not_runnable
from embedded_cloud.sandbox.invocation import Limits
from embedded_cloud.sandbox.runtime import MEGABYTE

TASK_ROOT = "/var/task"
ENDPOINT_PORT = "8080/tcp"
INTERPRETERS, BOOTSTRAP = "/var/lang/bin/python", "/var/runtime/bootstrap.py"  # of AWS's images
EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 - inside a container, where it means the published address
UNLIMITED = 10_240  # megabytes: Lambda's largest function


@dataclass(frozen=True, slots=True)
class Specification:
    """`variables` are the environment's, `debug_options` the interpreter's, `address` the published endpoint's."""

    image: str
    labels: Mapping[str, str]
    task_root: Path
    variables: Mapping[str, str]
    limits: Limits
    address: tuple[str, int]
    debug_options: Sequence[str]

    @property
    def function(self) -> str:
        return self.variables.get("AWS_LAMBDA_FUNCTION_NAME", "function")


def read(body: Mapping[str, Any]) -> Specification:
    """From the body of `POST /containers/create`; RefusedError for what a process cannot be."""
    host: Mapping[str, Any] = body.get("HostConfig") or {}
    variables = dict(variable.partition("=")[::2] for variable in body.get("Env") or [])
    address = _published(host)
    try:
        timeout = float(variables.get("AWS_LAMBDA_FUNCTION_TIMEOUT", 3))
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"AWS_LAMBDA_FUNCTION_TIMEOUT: {error}") from error
    return Specification(
        image=body.get("Image", ""),
        labels=body.get("Labels") or {},
        task_root=_folder(host),
        variables=variables,
        limits=Limits(timeout, (host.get("Memory") or 0) // MEGABYTE or UNLIMITED),
        address=address,
        debug_options=_debug_options(body.get("Entrypoint") or [], address[0]),
    )


def _folder(host: Mapping[str, Any]) -> Path:
    """The folder of the code; its path may hold colons."""
    for bind in host.get("Binds") or []:
        source, found, options = bind.rpartition(f":{TASK_ROOT}")
        if found and options[:1] in ("", ":"):
            return Path(source)
    raise not_runnable(f"Nothing is mounted at {TASK_ROOT}")


def _published(host: Mapping[str, Any]) -> tuple[str, int]:
    """Where the endpoint's port is published: on loopback, or it is refused."""
    try:
        binding = host["PortBindings"][ENDPOINT_PORT][0]
    except (KeyError, IndexError, TypeError):
        raise not_runnable(f"Port {ENDPOINT_PORT} is not published") from None
    address = binding.get("HostIp") or EVERY_INTERFACE
    if not ip_address(address).is_loopback:
        raise not_runnable(f"Ports are published on 127.0.0.1 only, not on {address}")
    return address, int(binding["HostPort"])


def _debug_options(entrypoint: Sequence[str], address: str) -> list[str]:
    """What `--debug-args` puts between SAM's interpreter and its bootstrap."""
    if BOOTSTRAP not in entrypoint:
        return []
    interpreter = next(index for index, part in enumerate(entrypoint) if part.startswith(INTERPRETERS))
    options = entrypoint[interpreter + 1 : entrypoint.index(BOOTSTRAP)]
    return [option.replace(EVERY_INTERFACE, address) for option in options]
