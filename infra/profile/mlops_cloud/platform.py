"""What a deployment needs to know of the servers it goes to, whoever runs them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from embedded_cloud.aws import Aws
from embedded_cloud.state import State
from mlops_cloud.use_case import UseCase


class Platform(Protocol):
    """The embedded cloud's own servers (`cloud.Cloud`), or those that are run elsewhere (`external.ExternalCloud`)."""

    @property
    def state(self) -> State: ...

    @property
    def use_case(self) -> UseCase: ...

    @property
    def environments(self) -> Path: ...

    @property
    def builds(self) -> Path:
        """Where builds are kept."""

    @property
    def in_place(self) -> bool:
        """Whether LocalStack sees the folders of builds, so that functions can run from them."""

    @property
    def aws(self) -> Aws: ...

    @property
    def database_url(self) -> str:
        """As the functions reach it; so is `redis_url`."""

    @property
    def redis_url(self) -> str: ...

    @property
    def admin_api_key(self) -> str: ...

    def site_urls(self, bucket: str) -> list[str]:
        """Where browsers find what is in a bucket, the usual address first."""

    def addresses(self, api_path: str, site_bucket: str) -> Mapping[str, str]:
        """`api_url`, `web_url`, `endpoint_url`, `database_url` and `redis_url`, as users reach them."""
