"""The model registry in the terminal, by way of the API."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from embedded_cloud.errors import CloudError
from mlops_cloud import project


def versions(api_url: str) -> Mapping[str, Any]:
    """The answer of `GET /models`, with the versions of all its pages."""
    registry: dict[str, Any] = project.call(f"{api_url}/models?limit=100")
    while registry["next"]:
        page = project.call(f"{api_url}/models?limit=100&before={registry['next']}")
        registry = {**page, "models": [*registry["models"], *page["models"]]}
    return registry


def table(addresses: Mapping[str, Any]) -> Table:
    """Every version, newest first, with its accuracy and what was decided about it last."""
    registry = versions(addresses["api_url"])
    drawn = Table("version", "published", "accuracy", "last decision", "", box=None)
    for each in registry["models"]:
        accuracy = (each.get("metrics") or {}).get("accuracy")
        decided = (each["decisions"] or [{}])[0]
        drawn.add_row(
            each["model_version"],
            (each["published_at"] or "")[:16].replace("T", " "),
            f"{accuracy:.3f}" if accuracy else each.get("trouble", ""),
            f"{decided['decision']}: {decided['reason']}" if decided else "",
            "[green]champion[/green]" if each["model_version"] == registry["champion"] else "",
        )
    return drawn


def promote(addresses: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """Make a version champion, past the gate; CloudError with the API's own reason if it cannot be."""
    url, headers = f"{addresses['api_url']}/models/{version}/promote", {"X-Api-Key": addresses["admin_api_key"]}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"", headers), timeout=120) as answer:
            promoted: Mapping[str, Any] = json.load(answer)
            return promoted
    except urllib.error.HTTPError as refused:
        reason = json.loads(refused.read()).get("detail", refused.reason)
        raise CloudError(f"Model {version} was not promoted: {reason}", "The versions there are: make models") from None
