"""boto3 clients for this cloud and no other."""

import os
from functools import cache
from typing import Any

from botocore.config import Config
from localstack_client.session import Session

from embedded_cloud.ports import HOST

REGION = "us-east-1"


class Aws:
    """Clients of the LocalStack that listens on a loopback port."""

    def __init__(self, port: int) -> None:
        self.endpoint_url = f"http://{HOST}:{port}"
        self._session = Session("test", "test", region_name=REGION, localstack_host=f"{HOST}:{port}")

    @cache  # noqa: B019 - one instance per run of the command
    def client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 2}, read_timeout=120, s3={"addressing_style": "path"})
        return self._session.client(service, config=config)


def forget_other_clouds() -> None:
    """Drop every AWS setting of the caller's shell: a profile or endpoint there must never be reached from here."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
