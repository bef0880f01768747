"""boto3 clients for this cloud and no other.

boto3 is imported with the first of them: it takes half a second, and many commands need none.
"""

import os
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

REGION = "us-east-1"
CONFIG: dict[str, Any] = {
    "retries": {"total_max_attempts": 2},
    "read_timeout": 120,
    "s3": {"addressing_style": "path"},
}


@dataclass(frozen=True, slots=True)
class Store:
    """An S3 of its own for the product's buckets, which checks who comes."""

    endpoint_url: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


class Aws:
    """Clients of one LocalStack, and of the S3 that holds the product's buckets, where that is another."""

    def __init__(self, endpoint_url: str, store: Store | None = None) -> None:
        self.endpoint_url = endpoint_url
        self.store = store

    @cached_property
    def _session(self) -> Any:
        from localstack_client.session import Session

        return Session("test", "test", region_name=REGION, localstack_host=self.endpoint_url.partition("//")[2])

    @cache  # noqa: B019 - one instance per run of the command
    def client(self, service: str) -> Any:
        from botocore.config import Config

        return self._session.client(service, config=Config(**CONFIG))

    @cached_property
    def buckets(self) -> Any:
        """S3 for the product's buckets; what CloudFormation reads stays in LocalStack's own."""
        if not self.store:
            return self.client("s3")
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.store.endpoint_url,
            region_name=REGION,
            aws_access_key_id=self.store.access_key,
            aws_secret_access_key=self.store.secret_key,
            config=Config(**CONFIG),
        )


def forget_other_clouds() -> None:
    """Drop every AWS setting of the caller's shell: a profile or endpoint there must never be reached from here."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
