"""A cloud whose servers are started elsewhere: those of docker-compose.yml, described by environment variables."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from embedded_cloud.aws import Aws, Store
from embedded_cloud.errors import CloudError
from embedded_cloud.state import State
from mlops_cloud.use_case import DEFAULT, UseCase


@dataclass(frozen=True)
class ExternalCloud:
    """`variables` are the deployer's, with addresses as the servers reach one another.

    `DEPLOYER_BUILDS` is a folder that LocalStack sees under the same name, so that functions run from it;
    `SITE_URL` is the site's and the API's one origin as users reach it, `ADDRESSES` the servers' own there, as JSON.
    """

    state: State
    environments: Path
    variables: Mapping[str, str]

    @property
    def use_case(self) -> UseCase:
        return UseCase(self.variables.get("USE_CASE") or DEFAULT)

    @property
    def builds(self) -> Path:
        return Path(self.variables.get("DEPLOYER_BUILDS") or self.state.root / "build")

    @property
    def in_place(self) -> bool:
        return "DEPLOYER_BUILDS" in self.variables

    @cached_property
    def aws(self) -> Aws:
        keys = self._given("AWS_ACCESS_KEY_ID"), self._given("AWS_SECRET_ACCESS_KEY")
        return Aws(self._given("AWS_ENDPOINT_URL"), Store(self._given("AWS_ENDPOINT_URL_S3"), *keys))

    @property
    def database_url(self) -> str:
        return self._given("DATABASE_URL")

    @property
    def redis_url(self) -> str:
        return self._given("REDIS_URL")

    @property
    def admin_api_key(self) -> str:
        return self._given("ADMIN_API_KEY")

    def site_urls(self, _: str) -> list[str]:
        return [self._given("SITE_URL")]

    def addresses(self, _: str, __: str) -> Mapping[str, Any]:
        """A proxy stands before API and site, under the same paths whichever stack serves."""
        site = self._given("SITE_URL")
        return {"api_url": f"{site}/api", "web_url": f"{site}/", **json.loads(self._given("ADDRESSES"))}

    def _given(self, name: str) -> str:
        value = self.variables.get(name)
        if not value:
            raise CloudError(f"{name} is not set", "docker-compose.yml gives it to the deployer")
        return value


def of_environment(state: Path, environments: Path) -> ExternalCloud:
    return ExternalCloud(State(state), environments, dict(os.environ))
