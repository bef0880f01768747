"""docs/reference.md and docs/adr/index.md: settings, events and metrics, as template, events and code declare them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from mlops.telemetry import metrics

ROOT = Path(__file__).parents[1]
HEAD = """# Settings, events, metrics

Made from `template.yaml`, `functions/*/events/` and `functions/mlops/telemetry/metrics.py` by `make docs`.

## Parameters of the stack

`make up` sets what depends on the machine; `infra/aws/mlops_aws/environments.toml` sets them on AWS.

| parameter | default | what it does |
|---|---|---|
"""


class _Loader(yaml.SafeLoader):
    """Reads a template: the short forms of functions as whatever they hold."""


_LOADER_TAG = lambda loader, _, node: loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None  # noqa: E731
_Loader.add_multi_constructor("!", _LOADER_TAG)


def parameters() -> Iterator[str]:
    declared = yaml.load((ROOT / "template.yaml").read_text(), _Loader)["Parameters"]  # noqa: S506 - a SafeLoader
    for name, about in sorted(declared.items()):
        default = str(about.get("Default", "–")) or "empty"
        words = " ".join(str(about.get("Description", "")).split())
        allowed = ", ".join(map(str, about.get("AllowedValues", ())))
        yield f"| `{name}` | {default} | {words}{f' ({allowed})' if allowed else ''} |\n"


def events() -> Iterator[str]:
    for function in sorted((ROOT / "functions").glob("*/events")):
        yield f"\n### {function.parent.name.capitalize()}\n"
        for file in sorted(function.glob("*.json")):
            text = json.dumps(json.loads(file.read_text()), ensure_ascii=False)
            shown = text if len(text) <= 240 else f"{text[:240]}…"
            yield f"\n`{file.stem}.json`\n\n```json\n{shown}\n```\n"


def of_metrics() -> Iterator[str]:
    named = [each for each in vars(metrics).values() if isinstance(each, metrics.Metric)]
    for each in sorted(named, key=lambda metric: metric.name):
        labels = ", ".join(f"`{label}`" for label in each.labels) or "–"
        yield f"| `{each.name}` | {each.meaning} | {labels} |\n"


def decisions() -> Iterator[str]:
    for file in sorted((ROOT / "docs/adr").glob("0*.md")):
        number, title = re.match(r"# (\d+)\. (.+)", file.read_text()).groups()  # type: ignore[union-attr]
        yield f"| {number} | [{title}]({file.name}) |\n"


def pages() -> dict[str, str]:
    """Both pages, by their place below docs/."""
    page = [HEAD, *parameters(), "\n## Events\n\nWhat each function takes, by an example of each kind.\n", *events()]
    page += ["\n## Metrics\n\nAs `GET /metrics` exposes them; counters end with `_total`.\n\n"]
    page += ["| metric | what it says | labels |\n|---|---|---|\n", *of_metrics()]
    index = "# Decisions\n\nWhat was decided, why, and what follows from it.\n\n| | |\n|---|---|\n"
    return {"reference.md": "".join(page), "adr/index.md": index + "".join(decisions())}


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text)
