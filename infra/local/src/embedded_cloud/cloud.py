"""The servers of one embedded cloud: which there are, what runs, starting what does not, stopping all."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from embedded_cloud import localstack, ports, postgres, processes, valkey
from embedded_cloud.aws import Aws
from embedded_cloud.processes import Service
from embedded_cloud.progress import step
from embedded_cloud.state import State

PORTS = {"postgres": 5432, "valkey": 6379, "localstack": 4566}  # where each is looked for first
LOADED = ("s3", "cloudformation", "iam", "lambda", "logs")  # of LocalStack's: what every stack asks for
STORES = ("postgres", "valkey")  # what a cloud may have beside LocalStack


def python_runtime() -> str:
    """The Lambda runtime that this interpreter stands for."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Cloud:
    """`environments` holds those of LocalStack and of the runtimes; `services` are in the order of their start.

    `mirrored` are names or patterns (``*``) of the buckets whose objects outlive LocalStack; `loaded` of its
    services are ready for the first stack.
    """

    state: State
    environments: Path
    services: tuple[str, ...] = ("localstack",)
    mirrored: tuple[str, ...] = ()
    loaded: tuple[str, ...] = LOADED

    @property
    def preferred_ports(self) -> Mapping[str, int]:
        """The services that this cloud may have, and the port that each takes if it is free."""
        return {name: PORTS[name] for name in self.services}

    @cached_property
    def ports(self) -> Mapping[str, int]:
        """Chosen when a service starts for the first time, kept while they are free, changed when they are not."""
        known = {**self.preferred_ports, **self.state.read("cloud")}
        owner = str(self.state.root.resolve())
        chosen = {
            name: known[name] if self.running(name) else ports.choose(f"{name.upper()}_PORT", known[name], owner)
            for name in self.preferred_ports
        }
        self.state.write("cloud", chosen)
        return chosen

    @property
    def runtime_python(self) -> Path:
        """The first of the functions' interpreters, with what AWS's runtime has and no more."""
        return self.environments / python_runtime() / "bin" / "python"

    @cached_property
    def aws(self) -> Aws:
        return Aws(f"http://{ports.HOST}:{self.ports['localstack']}")

    @property
    def database_url(self) -> str:
        return postgres.url(self.ports["postgres"], self.state.secret("database_password"), self._database_user)

    @property
    def redis_url(self) -> str:
        return valkey.url(self.ports["valkey"], self.state.secret("redis_password"))

    def running(self, name: str) -> psutil.Process | None:
        return next(processes.find(self.state.root, name), None)

    def start(self) -> Iterator[str]:
        """Start what is not running; yields each name before its start, so that the caller can undo it."""
        for name in self.services:
            if self.running(name):
                continue
            yield name
            with step(f"{name} on {ports.HOST}:{self.ports[name]}"):
                processes.start(self.state.root, self._prepared(name), self.state.logs / f"{name}.log")

    def stop(self, names: tuple[str, ...] = ()) -> list[str]:
        """Stop services, or all of them, the last started first; returns those that were running."""
        running = [name for name in reversed(list(self.preferred_ports)) if name in (names or self.preferred_ports)]
        running = [name for name in running if self.running(name)]
        for name in running:
            with step(f"Stopping {name}"):
                processes.stop(self.state.root, name)
        return running

    @property
    def _database_user(self) -> str:
        return self.state.secret("database_user", lambda: postgres.USER)

    def _prepared(self, name: str) -> Service:
        match name:
            case "postgres":
                data = self.state.root / "postgres"
                postgres.initialise(data, self.state.secret("database_password"), self._database_user)
                postgres.clear_lock(data)
                return postgres.service(data, self.ports["postgres"])
            case "valkey":
                password = self.state.secret("redis_password")
                return valkey.service(self.state.root / "valkey", self.ports["valkey"], password)
            case _:
                return self._localstack()

    def _localstack(self) -> Service:
        localstack.prepare(self.state.root)
        url = self.aws.endpoint_url
        return Service(
            name="localstack",
            command=localstack.command(self.environments / "localstack" / "bin" / "python"),
            environment=localstack.environment(
                self.state.root,
                self.ports["localstack"],
                self.runtime_python,
                runtimes=self.environments,
                mirrored_buckets=self.mirrored,
                services=self.loaded,
            ),
            ready=lambda: localstack.is_ready(url),
        )
