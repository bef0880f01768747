"""docker-compose.yml really up: a project, ports and passwords of the tests' own, and nothing left of it afterwards."""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clouds import CHECKOUT
from embedded_cloud import ports
from mlops_cloud import compose_environment
from mlops_cloud.compose import TELL

UP_SECONDS = 1500  # images are built on the way


@dataclass(frozen=True)
class Compose:
    """One project of docker-compose.yml, driven by Docker's own command."""

    variables: dict[str, str]
    values: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", *arguments]
        return subprocess.run(
            command, cwd=CHECKOUT, env=self.variables, capture_output=True, text=True, timeout=UP_SECONDS
        )

    def up(self, *services: str) -> None:
        done = self.run("up", "--wait", "--build", *services)
        if done.returncode:
            logs = self.run("logs", "--tail", "40").stdout
            pytest.fail(f"docker compose up: {done.stderr[-3000:]}\n{logs[-6000:]}", pytrace=False)

    def containers(self) -> dict[str, dict[str, Any]]:
        """By service, what Docker knows of its container."""
        ids = self.run("ps", "--all", "--quiet").stdout.split()
        known = json.loads(subprocess.run(["docker", "inspect", *ids], capture_output=True, check=True).stdout)
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in known}

    def outputs(self) -> dict[str, Any]:
        told = self.run(*TELL)
        assert told.returncode == 0, told.stderr
        answer: dict[str, Any] = json.loads(told.stdout)
        return answer

    def images(self) -> list[str]:
        """The images that are built for this project and no other."""
        named = self.run("--profile", "*", "config", "--images").stdout.split()
        return sorted({name for name in named if name.startswith(f"{self.values['COMPOSE_PROJECT_NAME']}/")})

    def left(self) -> list[str]:
        """What Docker still has of this project."""
        label = f"label=com.docker.compose.project={self.values['COMPOSE_PROJECT_NAME']}"
        asked = (["ps", "--all"], ["volume", "ls"], ["network", "ls"])
        answers = [subprocess.run(["docker", *one, "--quiet", "--filter", label], capture_output=True) for one in asked]
        return [line for answer in answers for line in answer.stdout.decode().split()]


@pytest.fixture(scope="session")
def docker() -> None:
    """Skips what needs a Docker engine where none answers."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True).returncode:
        pytest.skip("no Docker engine answers")
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("this Docker has no Compose v2")


def _environment_file(folder: Path) -> Path:
    """As `make compose-env` would make it, with free ports and no schedule that fires between two lines of a test."""
    lines = []
    for line in (CHECKOUT / ".env.example").read_text().splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={_free_port()}" if name.endswith("_PORT") else line)
    known = f"COMPOSE_PROJECT_NAME=titanic-test-{uuid.uuid4().hex[:8]}\nSCHEDULES=DISABLED\n"
    file = folder / ".env"
    file.write_text(compose_environment.complete("\n".join(lines), known, "tests"))
    return file


@pytest.fixture(scope="session")
def idle_compose(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Compose:
    """The project before it is up."""
    return _project(_environment_file(tmp_path_factory.mktemp("compose")))


@pytest.fixture
def another_compose(docker: None, tmp_path: Path) -> Iterator[Compose]:
    """A second project beside the first, of the same checkout."""
    project = _project(_environment_file(tmp_path))
    try:
        yield project
    finally:
        _remove(project)


def _project(file: Path) -> Compose:
    values = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line and line[0] != "#")
    files = [CHECKOUT / "docker-compose.yml"]
    if _stand_in("quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"):
        files.append(CHECKOUT / "tests/compose/stand-ins.yml")
    variables = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG") if name in os.environ},
        "COMPOSE_ENV_FILES": str(file),
        "COMPOSE_FILE": os.pathsep.join(map(str, files)),
        "COMPOSE_PROJECT_NAME": values["COMPOSE_PROJECT_NAME"],
    }
    compose = Compose(variables, values)
    images = compose.run("config", "--images")
    assert images.returncode == 0, images.stderr
    own = f"{values['COMPOSE_PROJECT_NAME']}/"
    missing = [name for name in images.stdout.split() if not name.startswith(own) and not _present(name)]
    if missing and compose.run("pull", "--ignore-buildable", "--quiet").returncode:
        pytest.skip(f"Docker has no {', '.join(missing)}, and no registry answers")
    return compose


@pytest.fixture(scope="session")
def compose(idle_compose: Compose) -> Iterator[Compose]:
    """The whole project up, and healthy."""
    try:
        idle_compose.up()
        yield idle_compose
    finally:
        _remove(idle_compose)


def _remove(project: Compose) -> None:
    """Everything of a project, its images too."""
    down = project.run("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "20")
    assert down.returncode == 0, down.stderr
    assert project.left() == []
    own = [name for name in project.images() if _present(name)]
    subprocess.run(["docker", "image", "rm", *own], check=True, capture_output=True)


@pytest.fixture
def outputs(compose: Compose) -> dict[str, Any]:
    """Asked anew, since the test before may have had it deployed again."""
    return compose.outputs()


def _free_port() -> int:
    port = 0
    while not (port and ports.is_free(port)):
        port = 30_000 + uuid.uuid4().int % 20_000
    return port


def _present(image: str) -> bool:
    return not subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode


def _stand_in(image: str) -> bool:
    """Whether an image says of itself that it only stands in for the one whose name it bears."""
    asked = ["docker", "image", "inspect", "--format", '{{index .Config.Labels "stand-in"}}', image]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip() == "true"
