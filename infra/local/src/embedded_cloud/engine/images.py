"""The images that the engine claims to have: AWS's base images for what a process of this machine can run."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from embedded_cloud.architecture import docker_architecture, lambda_architecture
from embedded_cloud.engine.errors import RefusedError, missing, not_runnable

REPOSITORY = "public.ecr.aws/lambda/python"
WITH_LAYERS = "samcli/lambda"


class Images:
    """Of one Python version: as it is published, and as SAM builds it to add its emulator."""

    def __init__(self, python: Path) -> None:
        """`python` is the interpreter that runs the functions."""
        program = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([python, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        self.version = done.stdout.strip()
        self.architecture = docker_architecture()
        self._runs = f"python{self.version} on {lambda_architecture()}"
        tags = (f"{self.version}{kind}-{lambda_architecture()}" for kind in ("", "-rapid"))
        # An image here and in its registry have the same digest: there is never a newer one to pull.
        self._digests = {
            name: f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
            for name in (f"{REPOSITORY}:{tag}" for tag in tags)
        }

    def __contains__(self, name: str) -> bool:
        return name in self._digests

    def digest(self, name: str) -> str:
        """By name or by digest; RefusedError (404) where a process cannot take an image's place."""
        if name in self._digests.values():
            return name
        if name not in self:
            raise missing("image", name)
        return self._digests[name]

    def inspect(self, name: str) -> dict[str, Any]:
        """An image's description; RefusedError like `digest`."""
        digest = self.digest(name)
        names = [each for each, known in self._digests.items() if known == digest]
        return {
            "Id": digest,
            "RepoTags": names,
            "RepoDigests": [f"{REPOSITORY}@{digest}"],
            "Architecture": self.architecture,
            "Os": "linux",
            "Size": 0,
            "Config": {"Env": [], "Cmd": None, "Entrypoint": ["/lambda-entrypoint.sh"], "WorkingDir": "/var/task"},
        }

    def all(self) -> list[dict[str, Any]]:
        return [self.inspect(name) for name in self._digests]

    def refusal(self, name: str) -> RefusedError:
        """Why an image that is not here can be neither built nor pulled."""
        if name.startswith(WITH_LAYERS):
            return not_runnable("Layers are not supported without containers: put them into the artifact")
        return not_runnable(f"{name} cannot run without containers, only {self._runs}")
