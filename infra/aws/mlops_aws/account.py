"""The AWS account and region of the caller's credentials."""

import os
from functools import cache, cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from embedded_cloud.errors import CloudError

CONFIG = Config(
    read_timeout=900, retries={"mode": "standard", "total_max_attempts": 5}, s3={"addressing_style": "path"}
)
CREDENTIALS = "Set AWS_PROFILE, or run `aws configure sso`, and try again"


class Account:
    """Clients of one account in one region."""

    def __init__(self, region: str) -> None:
        self.region = region

    @cache  # noqa: B019 - one instance per run of the command
    def client(self, service: str) -> Any:
        make: Any = boto3.client  # overloaded by the names of services
        return make(service, region_name=self.region, config=CONFIG)

    @property
    def buckets(self) -> Any:
        return self.client("s3")

    @cached_property
    def number(self) -> str:
        """The account's id; CloudError where the credentials are missing or refused."""
        try:
            number: str = self.client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as refused:
            raise CloudError(f"There are no valid AWS credentials here: {refused}", CREDENTIALS) from refused
        return number

    def environment(self) -> dict[str, str]:
        """The variables by which other programs find the same region."""
        return {**os.environ, "AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, "SAM_CLI_TELEMETRY": "0"}


def callers_account() -> Account:
    """The account that the caller's settings name, in their region; CloudError where they name no region."""
    region = os.environ.get("AWS_REGION") or boto3.Session().region_name  # which reads AWS_DEFAULT_REGION and profiles
    if not region:
        raise CloudError("No AWS region is set", "AWS_REGION=eu-central-1, or a region in your AWS profile")
    return Account(region)
