"""An embedded cloud of the tests' own, over a copy of the checkout that tests may change: one for a whole session."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest
from localstack_client.session import Session

from embedded_cloud import processes
from embedded_cloud.state import State
from permissions.judge import judge

CHECKOUT = Path(__file__).parents[1]
PASSENGER = {
    "Pclass": 1,
    "Name": "Cumings, Mrs. John Bradley (Florence Briggs Thayer)",
    "Sex": "female",
    "Age": 38,
    "SibSp": 1,
    "Parch": 0,
    "Ticket": "PC 17599",
    "Fare": 71.2833,
    "Cabin": "C85",
    "Embarked": "C",
}
LIST = CHECKOUT / "data/titanic.csv"
HOME = CHECKOUT / ".local"  # environments and builds are shared: both are named by content


# Clouds that a test gave a command since they were last found whole.
_commanded: set[Path] = set()


@dataclass(frozen=True)
class Cloud:
    """One checkout with one state folder, driven through the command line as a person would."""

    checkout: Path
    state: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        _commanded.add(self.state)
        program = str(HOME / "envs/cloud/bin/embedded-cloud")
        return [program, "--home", str(HOME), "--state", str(self.state), *arguments]

    def variables(self) -> dict[str, str]:
        """The least a shell has, no schedule that fires between two lines of a test, and a short search."""
        _commanded.add(self.state)
        needed = {name: os.environ[name] for name in ("PATH", "HOME")}
        return {**needed, "SCHEDULES": "DISABLED", "SEARCH_CANDIDATES": "2", **self.environment}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), cwd=self.checkout, env=self.variables(), capture_output=True, text=True
        )

    def up(self) -> str:
        """Start it; returns the progress and the summary."""
        done = self.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr + done.stdout

    def outputs(self) -> dict[str, Any]:
        """What the command of that name prints, from where it has it: tests ask hundreds of times."""
        return State(self.state).read("outputs")

    def call(self, path: str, body: Any = None) -> Any:
        return call(self.outputs()["api_url"] + path, body)

    def champion(self) -> str:
        return str(self.call("/health")["model_version"])

    def dead_letters(self) -> str:
        """The queue of the events that started no run."""
        resource = {"StackName": self.outputs()["stack_name"], "LogicalResourceId": "PipelineDeadLetters"}
        described = self.client("cloudformation").describe_stack_resource(**resource)
        return str(described["StackResourceDetail"]["PhysicalResourceId"])

    def client(self, service: str) -> Any:
        return _client(service, self.outputs()["endpoint_url"].removeprefix("http://"))


@cache
def _client(service: str, host: str) -> Any:
    return Session("test", "test", localstack_host=host).client(service)


def call(url: str, body: Any = None, key: str = "") -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", "X-Api-Key": key})
    with urllib.request.urlopen(request, timeout=120) as response:  # instances start slowly on a busy machine
        return json.load(response)


def until(condition: Callable[[], Any], timeout_seconds: float = 60, pause_seconds: float = 0.1) -> Any:
    """Wait for a condition, asked for again after each pause; returns its first true answer.

    Pauses grow to half a second: whoever asks a cloud keeps it from what is waited for.
    """
    deadline, longest = time.monotonic() + timeout_seconds, max(0.5, pause_seconds)
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(pause_seconds)
        pause_seconds = min(1.2 * pause_seconds, longest)
    raise AssertionError(f"not within {timeout_seconds} s")


def kill(cloud: Cloud, service: str) -> None:
    """End a server and what it started, as a crash would."""
    process = next(processes.find(cloud.state, service))
    for each in [*process.children(recursive=True), process]:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait(10)


def listening_on(family: Iterable[psutil.Process]) -> set[str]:
    """The addresses that processes listen on; one that ends meanwhile listens no more."""
    found = set()
    for process in family:
        with suppress(psutil.Error):
            connections = process.net_connections("inet")
            found |= {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}
    return found


def family(roots: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Processes, and what they started."""
    found = []
    for process in roots:
        with suppress(psutil.NoSuchProcess):
            found += [process, *process.children(recursive=True)]
    return found


def environments(cloud: Cloud, name: str) -> list[psutil.Process]:
    """The processes that execute a function."""
    found = []
    for each in next(processes.find(cloud.state, "localstack")).children(recursive=True):
        with suppress(psutil.Error):
            if each.environ().get("AWS_LAMBDA_FUNCTION_NAME") == name:
                found.append(each)
    return found


def copied(s3: Any, models: str, version: str, padding: bytes = b"\n") -> str:
    """A version with the same model and another card, registered as now."""

    def artifact(name: str) -> bytes:
        body: bytes = s3.get_object(Bucket=models, Key=f"models/{version}/{name}")["Body"].read()
        return body

    files = {name: artifact(name) for name in json.loads(artifact("digests.json"))}
    files["card.json"] += padding
    digests = json.dumps({name: sha256(files[name]).hexdigest() for name in sorted(files)}, indent=2).encode()
    name = sha256(digests).hexdigest()[:16]
    for key, body in {**files, "digests.json": digests}.items():
        s3.put_object(Bucket=models, Key=f"models/{name}/{key}", Body=body)
    s3.put_object(Bucket=models, Key=f"registrations/{datetime.now(UTC).isoformat()}_{name}", Body=b"")
    return name


@contextmanager
def serving(cloud: Cloud, limit: int = 64) -> Iterator[tuple[str, psutil.Process]]:
    """The API under uvicorn, as `make serve` runs it; its address and its process."""
    settings = dict(line.split("=", 1) for line in cloud.run("environment").stdout.splitlines())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "server:app", "--port", str(port), "--no-access-log"]
    folder = cloud.checkout / "functions" / "inference"
    environment = {**settings, "PATH": os.defpath, "PYTHONPATH": "..", "CONCURRENCY_LIMIT": str(limit)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with suppress(OSError):
            return bool(call(f"{url}/health"))
        return False

    try:
        until(answers)
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def is_whole(cloud: Cloud) -> bool:
    """Whether its three services run and it answers."""
    services = ("postgres", "valkey", "localstack")
    with suppress(OSError):
        return all(any(processes.find(cloud.state, name)) for name in services) and bool(cloud.champion())
    return False


def copy_checkout(copy: Path) -> Path:
    """A copy of what is deployed, in a folder that is made."""
    copy.mkdir(exist_ok=True)
    for name in ("functions", "examples", "step_functions", "web", "data", "infra/profile"):
        if (CHECKOUT / name).exists():
            shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("template.yaml", "embedded-cloud.toml"):
        shutil.copy2(CHECKOUT / name, copy)
    return copy


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session's own copy."""
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def running_cloud(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    calls = HOME / "calls" / f"{os.environ.get('FIRST_PORT', 'system')}.jsonl"
    calls.parent.mkdir(exist_ok=True)
    calls.write_text("")
    cloud = Cloud(checkout, tmp_path_factory.mktemp("cloud"), {"RECORDED_CALLS": str(calls)})
    if first := os.environ.get("FIRST_PORT"):  # two clouds that start at once would find the same ports free
        names = ("postgres", "valkey", "localstack", "airflow")
        ports = {name: int(first) + place for place, name in enumerate(names)}
        (cloud.state / "cloud.json").write_text(json.dumps(ports))
    try:
        cloud.up()
        yield cloud
        _permitted(calls)
    finally:
        cloud.run("down")


def _permitted(calls: Path) -> None:
    """Fail for calls that AWS would refuse the functions' roles; LocalStack refuses none."""
    if (HOME / "envs/permissions/.ready").exists():
        denied = judge([calls], HOME / "envs/permissions").denied
        assert not denied, "\n".join(f"{each.role}: {each.request} {each.reason}" for each in denied)


@pytest.fixture
def cloud(running_cloud: Cloud) -> Cloud:
    """The session's cloud, whole again whatever the test before did to it."""
    if running_cloud.state in _commanded or not is_whole(running_cloud):
        running_cloud.up()
        _commanded.discard(running_cloud.state)
    return running_cloud


@pytest.fixture
def empty_cloud(checkout: Path, tmp_path: Path) -> Iterator[Cloud]:
    """A cloud that was never up."""
    cloud = Cloud(checkout, tmp_path / "state")
    yield cloud
    cloud.run("down")


@pytest.fixture(scope="session")
def passenger() -> dict[str, Any]:
    """The second row of the list, who survived."""
    return dict(PASSENGER)
