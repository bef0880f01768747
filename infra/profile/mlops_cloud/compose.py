"""docker-compose.yml's cloud, seen from the host."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded_cloud.engine import service as engine
from embedded_cloud.errors import CloudError

ENDPOINT = "http://localstack:4566"  # among the containers
NETWORK = "default"
TELL = ["run", "--rm", "--no-deps", "-T", "deployer", "cat", "/state/outputs.json"]


def outputs(checkout: Path) -> Mapping[str, Any] | None:
    """What the deployer has told of addresses, names and keys; None where Compose is not up."""
    if "nginx" not in _compose(checkout, "ps", "--services", "--status", "running").split():
        return None
    told: Mapping[str, Any] = json.loads(_compose(checkout, *TELL))
    return told


def network(checkout: Path) -> str:
    """The name that Docker knows the containers' network by."""
    name: str = json.loads(_compose(checkout, "config", "--format", "json"))["networks"][NETWORK]["name"]
    return name


def _compose(checkout: Path, *arguments: str) -> str:
    command = ["docker", "compose", *arguments]
    try:
        asked = subprocess.run(
            command,
            cwd=checkout,
            env=engine.without(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return ""
    if asked.returncode:
        if arguments[0] == "ps":
            return ""  # no engine, or no .env yet
        raise CloudError(
            f"docker compose {arguments[0]} failed: {asked.stderr.strip()}", "docker compose ps tells more"
        )
    return asked.stdout
