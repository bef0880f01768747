"""What `up` ends with: the champion's figures, the addresses, a request to try."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from embedded_cloud import deployment
from embedded_cloud.progress import answer, console
from mlops_cloud import project
from mlops_cloud.platform import Platform

# What cross-validation kept apart, in words.
UNSEEN = {"rows": "unseen rows, by nested cross-validation", "groups": "rows of unseen groups"}


def summarise(cloud: Platform, seconds: float) -> None:
    """Tell the champion's figures, if there is one, and where everything is."""
    stack = deployment.current(cloud.aws, cloud.state)
    if not stack:
        return
    card, addresses = project.champion(cloud, stack), project.outputs(cloud, stack)
    answer(f"Up in {seconds:.0f} s")
    console.print(f"""
  use case  {cloud.use_case.name}
{_figures(card)}
  site      {addresses["web_url"]}
  API       {addresses["api_url"]}
""")
    if card and (row := project.example(project.api_url(cloud, stack))):
        body = shlex.quote(json.dumps(row, ensure_ascii=False))
        url = f"{addresses['api_url']}/predict"
        console.print("Try it:\n")
        console.out(f"curl -s {url} -H 'Content-Type: application/json' -d {body}", highlight=False)


def _figures(card: Mapping[str, Any] | None) -> str:
    if not card:
        return "  champion  none"
    metrics = card["metrics"]
    low, high = metrics["accuracy_interval"]
    interval = f"95 % interval {low:.2f} to {high:.2f}"
    figures = f"""  champion  {card["model_version"]}
  accuracy  {metrics["accuracy"]:.3f} ({interval}) on {metrics["rows"]} held-out rows"""
    for name, seen in card.get("never_seen", {}).items():
        low, high = seen["interval"]
        figures += f"\n            {seen['accuracy']:.3f} ({low:.2f} to {high:.2f}) on {UNSEEN[name]}"
    return figures
