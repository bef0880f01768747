"""The model registry of a running cloud: versions and decisions from the API, artifacts from S3, verified.

The addresses come on standard input, as `make -s outputs` prints them.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlops.registry.versions import CARD, RegistryReader
from mlops.stores.s3 import S3ObjectStore
from mlops.use_case import load


@dataclass(frozen=True)
class Source:
    """A running cloud's registry, and the use case that its models are of."""

    use_case: str
    api_url: str
    reader: RegistryReader

    def models(self) -> dict[str, Any]:
        """The answer of `GET /models`, with the versions of all its pages."""
        answer: dict[str, Any] = {"models": [], "next": ""}
        while (before := answer["next"]) is not None:
            url = f"{self.api_url}/models?limit=100{before and f'&before={before}'}"
            with urllib.request.urlopen(url, timeout=60) as response:
                page = json.load(response)
            answer = {**page, "models": [*answer["models"], *page["models"]]}
        return answer

    def cards(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Each version as listed, oldest first, with its model card; unreadable ones are reported and left out."""
        for listed in reversed(self.models()["models"]):
            if "trouble" in listed:
                print(f"✗ {listed['model_version']}: {listed['trouble']}", file=sys.stderr)
                continue
            yield listed, json.loads(self.reader.artifact(listed["model_version"], CARD))


def source() -> Source:
    """The registry of the cloud whose addresses are on standard input."""
    addresses = json.load(sys.stdin)
    os.environ.update(
        AWS_ENDPOINT_URL_S3=addresses.get("s3_endpoint_url", addresses["endpoint_url"]),
        AWS_DEFAULT_REGION=addresses["region"],
        AWS_ACCESS_KEY_ID=addresses.get("s3_access_key_id", "test"),
        AWS_SECRET_ACCESS_KEY=addresses.get("s3_secret_access_key", "test"),
        AWS_SESSION_TOKEN="",  # the shell's would be of another account
    )
    reader = RegistryReader(S3ObjectStore(), addresses["models_bucket"], load(addresses["use_case"]))
    return Source(addresses["use_case"], addresses["api_url"], reader)
