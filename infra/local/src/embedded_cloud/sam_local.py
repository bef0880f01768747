"""What `sam local` needs to run functions against a cloud that is up: in containers, or without them.

SAM takes variables from a file, and only those that the template declares; what it needs itself are variables of the
shell, printed for it to evaluate.
"""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedded_cloud.aws import REGION, Aws
from embedded_cloud.engine import service as engine


def variables(outputs: Mapping[str, Any], endpoint_url: str, host: str | None) -> dict[str, dict[str, str]]:
    """By logical name, each deployed function's own variables as its container has to have them.

    `endpoint_url` is LocalStack's as containers reach it; loopback addresses become those of `host`.
    """
    functions = Aws(outputs["endpoint_url"]).client("lambda")
    found = {}
    for name, deployed in outputs["functions"].items():
        environment = functions.get_function_configuration(FunctionName=deployed).get("Environment") or {}
        known = environment.get("Variables", {})
        settings = {"AWS_ENDPOINT_URL": endpoint_url, "AWS_ENDPOINT_URL_S3": endpoint_url, **known}
        if host:
            settings = {key: value.replace("127.0.0.1", host) for key, value in settings.items()}
        found[name] = settings
    return found


def write(file: Path, content: Mapping[str, Any]) -> None:
    """For `--env-vars`; it holds passwords, so that only its owner may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=2))


def shell(exported: Mapping[str, str], programs: Sequence[Path], docker_host: str | None = None) -> str:
    """`export` lines: the pinned tools first, no credentials but these, and no other services that SAM would ask.

    `docker_host` is the cloud's own engine, where Docker's does not run; the shell forgets one of an earlier time.
    """
    exported = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        **exported,
        **({"DOCKER_HOST": docker_host} if docker_host else {}),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exported.items()]
    if not docker_host and engine.without(os.environ) != os.environ:
        lines.append("unset DOCKER_HOST")
    tools = os.pathsep.join(map(str, programs))
    return "\n".join([*lines, f'export PATH={shlex.quote(tools)}:"$PATH"'])
