"""What `sam local` needs besides to run this product's functions against a cloud that is up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded_cloud import sam_local
from mlops_cloud.use_case import DEFAULT

GATEWAY = "host.docker.internal"  # samconfig.toml adds it as a host


def shell(
    outputs: Mapping[str, Any], environments: Path, *, network: str | None = None, docker_host: str | None = None
) -> str:
    """`export` lines for a cloud's outputs; `network` is that of its containers, if it has some."""
    exported = {
        "AWS_ACCESS_KEY_ID": outputs.get("s3_access_key_id", "test"),
        "AWS_SECRET_ACCESS_KEY": outputs.get("s3_secret_access_key", "test"),
        "AWS_ENDPOINT_URL": outputs["endpoint_url"],
        "ARTIFACT_CACHE": str(environments.parent),  # for sam build
        **({"SAM_DOCKER_NETWORK": network} if network else {}),
        **({"USE_CASE": outputs["use_case"]} if outputs["use_case"] != DEFAULT else {}),
    }
    return sam_local.shell(exported, [environments / name / "bin" for name in ("sam", "uv")], docker_host)
