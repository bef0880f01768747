"""The servers of one embedded cloud: which there are, what runs, starting what does not, stopping all."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import psutil

from embedded_cloud import localstack, ports, postgres, processes, valkey
from embedded_cloud.aws import Aws
from embedded_cloud.processes import Service
from embedded_cloud.progress import step
from embedded_cloud.state import State
from embedded_cloud.use_case import DEFAULT_USE_CASE, UseCase

SERVICES = ("postgres", "valkey", "localstack")
ON_DEMAND = ("airflow",)


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of the servers, by service name."""

    postgres: int = 5432
    valkey: int = 6379
    localstack: int = 4566
    airflow: int = 8080


@dataclass(frozen=True)
class Cloud:
    """`environments` holds the virtual environments `localstack` and `lambda`; the use case's buckets are mirrored."""

    state: State
    environments: Path
    use_case: UseCase = DEFAULT_USE_CASE

    @cached_property
    def ports(self) -> Ports:
        """Chosen when a service starts for the first time, kept while they are free, changed when they are not."""
        known = {**asdict(Ports()), **self.state.read("cloud")}
        running = {name for name in (*SERVICES, *ON_DEMAND) if self.running(name)}
        chosen = Ports(
            **{
                name: known[name] if name in running else ports.choose(f"{name.upper()}_PORT", known[name])
                for name in (*SERVICES, *ON_DEMAND)
            }
        )
        self.state.write("cloud", asdict(chosen))
        return chosen

    @property
    def builds(self) -> Path:
        return self.environments.parent / "build"

    @property
    def in_place(self) -> bool:
        return True

    @property
    def runtime_python(self) -> Path:
        """The interpreter of the functions' processes, with what AWS's runtime has and no more."""
        return self.environments / "lambda" / "bin" / "python"

    @cached_property
    def aws(self) -> Aws:
        return Aws(f"http://{ports.HOST}:{self.ports.localstack}")

    @property
    def database_url(self) -> str:
        credentials = self.state.credentials()
        return postgres.url(self.ports.postgres, credentials.database_password, credentials.database_user)

    @property
    def redis_url(self) -> str:
        return valkey.url(self.ports.valkey, self.state.credentials().redis_password)

    @property
    def admin_api_key(self) -> str:
        return self.state.credentials().admin_api_key

    def site_urls(self, bucket: str) -> list[str]:
        """Beside the API, and the second address that LocalStack answers a bucket's website under."""
        endpoint = self.aws.endpoint_url
        return [f"{endpoint}/{bucket}", f"http://{bucket}.s3-website.localhost:{self.ports.localstack}"]

    def addresses(self, api_path: str, site_bucket: str) -> Mapping[str, str]:
        """The same for the servers and for those who use them: all are on this machine."""
        return {
            "api_url": self.aws.endpoint_url + api_path,
            "web_url": f"{self.site_urls(site_bucket)[0]}/index.html",
            "endpoint_url": self.aws.endpoint_url,
            "database_url": self.database_url,
            "redis_url": self.redis_url,
        }

    def running(self, name: str) -> psutil.Process | None:
        return next(processes.find(self.state.root, name), None)

    def start(self) -> Iterator[str]:
        """Start what is not running; yields each name before its start, so that the caller can undo it."""
        for name in SERVICES:
            if self.running(name):
                continue
            yield name
            with step(f"{name} on {ports.HOST}:{getattr(self.ports, name)}"):
                processes.start(self.state.root, self._prepared(name), self.state.logs / f"{name}.log")

    def stop(self, names: tuple[str, ...] = (*SERVICES, *ON_DEMAND)) -> list[str]:
        """Stop services, the last started first; returns those that were running."""
        running = [name for name in reversed((*SERVICES, *ON_DEMAND)) if name in names and self.running(name)]
        for name in running:
            with step(f"Stopping {name}"):
                processes.stop(self.state.root, name)
        return running

    def _prepared(self, name: str) -> Service:
        credentials = self.state.credentials()
        match name:
            case "postgres":
                data = self.state.root / "postgres"
                postgres.initialise(data, credentials.database_password, credentials.database_user)
                postgres.clear_lock(data)
                return postgres.service(data, self.ports.postgres)
            case "valkey":
                return valkey.service(self.state.root / "valkey", self.ports.valkey, credentials.redis_password)
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
                self.ports.localstack,
                self.runtime_python,
                mirrored_buckets=self.use_case.buckets,
            ),
            ready=lambda: localstack.is_ready(url),
        )
