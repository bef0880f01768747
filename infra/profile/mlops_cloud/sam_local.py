"""What `sam local` needs to run the functions against a cloud that is up: in containers, or without them.

SAM takes variables from a file, and only those that the template declares; what it needs itself are variables of the
shell, printed for it to evaluate.
"""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded_cloud.aws import REGION, Aws
from embedded_cloud.engine import service as engine
from mlops_cloud.use_case import DEFAULT

ADDRESSES = ("DATABASE_URL", "REDIS_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
GATEWAY = "host.docker.internal"  # samconfig.toml adds it as a host


def variables(outputs: Mapping[str, Any], endpoint_url: str, host: str | None) -> dict[str, dict[str, str]]:
    """By logical name, each deployed function's own variables as its container has to have them.

    `endpoint_url` is LocalStack's as containers reach it; loopback addresses become those of `host`.
    """
    functions = Aws(outputs["endpoint_url"]).client("lambda")
    found = {}
    for name, deployed in outputs["functions"].items():
        settings = functions.get_function_configuration(FunctionName=deployed)["Environment"]["Variables"]
        settings = {"AWS_ENDPOINT_URL": endpoint_url, "AWS_ENDPOINT_URL_S3": endpoint_url, **settings}
        for address in ADDRESSES:
            if host and address in settings:
                settings[address] = settings[address].replace("127.0.0.1", host)
        found[name] = settings
    return found


def write(file: Path, content: Mapping[str, Any]) -> None:
    """For `--env-vars`; it holds passwords, so that only its owner may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=2))


def shell(
    outputs: Mapping[str, Any], environments: Path, *, network: str | None = None, docker_host: str | None = None
) -> str:
    """`export` lines: the pinned tools first, credentials of this cloud, and no other services that SAM would ask.

    `docker_host` is the cloud's own engine, where Docker's does not run; the shell forgets one of an earlier time.
    """
    exported = {
        "AWS_ACCESS_KEY_ID": outputs.get("s3_access_key_id", "test"),
        "AWS_SECRET_ACCESS_KEY": outputs.get("s3_secret_access_key", "test"),
        "AWS_SESSION_TOKEN": "",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": outputs["endpoint_url"],
        "SAM_CLI_TELEMETRY": "0",
        "ARTIFACT_CACHE": str(environments.parent),  # for sam build
        **({"SAM_DOCKER_NETWORK": network} if network else {}),
        **({"DOCKER_HOST": docker_host} if docker_host else {}),
        **({"USE_CASE": outputs["use_case"]} if outputs["use_case"] != DEFAULT else {}),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exported.items()]
    if not docker_host and engine.without(os.environ) != os.environ:
        lines.append("unset DOCKER_HOST")
    tools = os.pathsep.join(str(environments / name / "bin") for name in ("sam", "uv"))
    return "\n".join([*lines, f'export PATH={shlex.quote(tools)}:"$PATH"'])
