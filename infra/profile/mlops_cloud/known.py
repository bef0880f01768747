"""What is known of the cloud that is up: its outputs, and in what words it is said that there are none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded_cloud.errors import CloudError
from mlops_cloud import compose
from mlops_cloud.cloud import Cloud
from mlops_cloud.use_case import DEFAULT


def deployed(known: Mapping[str, Any], function: str) -> str:
    """The name under which a function of the template is deployed."""
    if function not in known["functions"]:
        raise CloudError(f"There is no function {function}", f"One of {', '.join(sorted(known['functions']))}")
    name: str = known["functions"][function]
    return name


def anywhere(cloud: Cloud) -> Mapping[str, Any]:
    """The outputs of the cloud that is up: this one, else Compose's."""
    here = cloud.state.read("outputs") if cloud.running("localstack") else None
    known = here or compose.outputs(Path.cwd())
    if not known or cloud.use_case.name not in (known["use_case"], DEFAULT):
        raise CloudError(*not_running(cloud, f"{cloud.use_case.make_up}, or docker compose up --wait"))
    return known


def here(cloud: Cloud) -> dict[str, Any]:
    """The outputs of this cloud, for what Compose has another way of doing."""
    known = cloud.state.read("outputs")
    if not known or not cloud.running("localstack"):
        raise CloudError(*not_running(cloud, cloud.use_case.make_up))
    return known


def not_running(cloud: Cloud, remedy: str) -> tuple[str, str]:
    named = "No cloud is up" if cloud.use_case.name == DEFAULT else f"No cloud of {cloud.use_case.name} is up"
    return named, remedy
