"""The images that the engine claims to have: AWS's base images for what a process of this machine can run."""

import hashlib
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from embedded_cloud.engine.errors import RefusedError, missing, not_runnable

REPOSITORY = "public.ecr.aws/lambda/python"
ARCHITECTURES = {"x86_64": ("x86_64", "amd64"), "aarch64": ("arm64", "arm64")}  # Lambda's name and Docker's
WITH_LAYERS = "samcli/lambda"


class Images:
    """Base images of one Python version, such as ``public.ecr.aws/lambda/python:3.11-rapid-x86_64``."""

    def __init__(self, python: Path) -> None:
        """`python` is the interpreter that runs the functions."""
        program = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([python, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        self.version = done.stdout.strip()
        self._lambda_architecture, self.architecture = ARCHITECTURES[platform.machine()]

    def inspect(self, name: str) -> dict[str, Any]:
        """An image's description; RefusedError (404) where a process cannot take its place."""
        if not self._runs(name):
            raise missing("image", name)
        digest = self.digest(name)
        return {
            "Id": digest,
            "RepoTags": [name],
            "RepoDigests": [f"{REPOSITORY}@{digest}"],
            "Architecture": self.architecture,
            "Os": "linux",
            "Size": 0,
            "Config": {"Env": [], "Cmd": None, "Entrypoint": ["/lambda-entrypoint.sh"], "WorkingDir": "/var/task"},
        }

    def all(self) -> list[dict[str, Any]]:
        return [self.inspect(f"{REPOSITORY}:{self.version}-rapid-{self._lambda_architecture}")]

    def digest(self, name: str) -> str:
        """The same for an image here and in its registry: there is never a newer one to pull."""
        if not self._runs(name):
            raise missing("image", name)
        return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"

    def refusal(self, name: str) -> RefusedError | None:
        """Why an image can be neither built nor pulled; None if it is one of these."""
        if self._runs(name):
            return None
        if name.startswith(WITH_LAYERS):
            return not_runnable("Layers are not supported without containers: put them into the artifact")
        return not_runnable(
            f"{name} cannot run without containers, only python{self.version} on {self._lambda_architecture}"
        )

    def _runs(self, name: str) -> bool:
        tag = rf"{re.escape(self.version)}(-rapid)?-{self._lambda_architecture}"
        return re.fullmatch(rf"{re.escape(REPOSITORY)}:{tag}", name) is not None
