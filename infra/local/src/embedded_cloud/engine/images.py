"""The images that the engine claims to have: AWS's base images for what a process of this machine can run."""

import hashlib
from collections.abc import Sequence
from typing import Any

from embedded_cloud.architecture import docker_architecture, lambda_architecture
from embedded_cloud.engine.errors import RefusedError, missing, not_runnable

REGISTRY = "public.ecr.aws/lambda"
WITH_LAYERS = "samcli/lambda"


class Images:
    """Of each runtime: as it is published, and as SAM builds it to add its emulator."""

    def __init__(self, runtimes: Sequence[str]) -> None:
        """`runtimes` are Lambda's names of what runs here."""
        self.architecture = docker_architecture()
        self._runs = f"{', '.join(runtimes)} on {lambda_architecture()}"
        self._runtimes = {
            f"{_tag(runtime)}{kind}-{lambda_architecture()}": runtime for runtime in runtimes for kind in ("", "-rapid")
        }
        # An image here and in its registry have the same digest: there is never a newer one to pull.
        self._digests = {name: f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in self._runtimes}

    def __contains__(self, name: str) -> bool:
        return name in self._digests

    def digest(self, name: str) -> str:
        """By name or by digest; RefusedError (404) where a process cannot take an image's place."""
        if name in self._digests.values():
            return name
        if name not in self:
            raise missing("image", name)
        return self._digests[name]

    def runtime(self, name: str) -> str:
        """The runtime of an image, by its name or digest; RefusedError like `digest`."""
        return self._runtimes[self._names(name)[0]]

    def _names(self, name: str) -> list[str]:
        digest = self.digest(name)
        return [each for each, known in self._digests.items() if known == digest]

    def inspect(self, name: str) -> dict[str, Any]:
        """An image's description; RefusedError like `digest`."""
        digest, names = self.digest(name), self._names(name)
        return {
            "Id": digest,
            "RepoTags": names,
            "RepoDigests": [f"{names[0].partition(':')[0]}@{digest}"],
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


def _tag(runtime: str) -> str:
    """The image of a runtime, such as …/nodejs:20 of nodejs20.x."""
    family = next(name for name in ("python", "nodejs", "provided") if runtime.startswith(name))
    version = runtime.removeprefix(family).removeprefix(".").removesuffix(".x")
    return f"{REGISTRY}/{family}:{version}"
