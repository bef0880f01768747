"""The servers of the product's embedded cloud, which is of one use case."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded_cloud import cloud, postgres
from embedded_cloud.state import State
from mlops_cloud.use_case import DEFAULT, DEFAULT_USE_CASE, UseCase

SERVICES = ("postgres", "valkey", "localstack")
ON_DEMAND = {"airflow": 8080}
LOADED = ("stepfunctions", "apigateway", "events", "secretsmanager", "ssm", "sqs", "sns")


@dataclass(frozen=True)
class Cloud(cloud.Cloud):
    """An embedded cloud with the product's stores; the use case's buckets are mirrored."""

    services: tuple[str, ...] = SERVICES
    loaded: tuple[str, ...] = (*cloud.LOADED, *LOADED)
    use_case: UseCase = DEFAULT_USE_CASE

    @property
    def preferred_ports(self) -> Mapping[str, int]:
        return {**super().preferred_ports, **ON_DEMAND}

    @property
    def runtime_python(self) -> Path:
        return self.environments / "lambda" / "bin" / "python"

    @property
    def builds(self) -> Path:
        return self.environments.parent / "build"

    @property
    def in_place(self) -> bool:
        return True

    @property
    def admin_api_key(self) -> str:
        return self.state.secret("admin_api_key")

    @property
    def _database_user(self) -> str:
        """Databases that were made before their users were kept have the default use case's."""
        there = (self.state.root / "postgres" / "PG_VERSION").exists()
        return self.state.secret("database_user", lambda: DEFAULT if there else postgres.USER)

    def site_urls(self, bucket: str) -> list[str]:
        """Beside the API, and the second address that LocalStack answers a bucket's website under."""
        endpoint = self.aws.endpoint_url
        return [f"{endpoint}/{bucket}", f"http://{bucket}.s3-website.localhost:{self.ports['localstack']}"]

    def addresses(self, api_path: str, site_bucket: str) -> Mapping[str, str]:
        """The same for the servers and for those who use them: all are on this machine."""
        return {
            "api_url": self.aws.endpoint_url + api_path,
            "web_url": f"{self.site_urls(site_bucket)[0]}/index.html",
            "endpoint_url": self.aws.endpoint_url,
            "database_url": self.database_url,
            "redis_url": self.redis_url,
        }


def of_use_case(state: State, environments: Path, use_case: UseCase) -> Cloud:
    """The cloud of a use case in a state folder."""
    return Cloud(state, environments, mirrored=use_case.buckets, use_case=use_case)
