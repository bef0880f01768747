"""Backup and restore, by the very commands of docs/operations.md: what is restored holds and predicts the same bits."""

import csv
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clouds import LIST, Cloud, call
from guides import blocks

from . import evidence
from .history import Stage

ROWS = 100


def rehearsed(stage: Stage, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Back up, delete the whole state, restore; what differs afterwards, of how many rows."""
    cloud = stage.cloud
    before, probabilities = evidence.read(cloud), asked(cloud)
    commands = [text for need, text in blocks("docs/operations.md") if not need and "backup.tgz" in text]
    with TemporaryDirectory() as folder:
        for text in commands:
            run(cloud, text, Path(folder))
    after = evidence.read(cloud)
    # The predictions made here are waiting in the log, and counted; messages in flight are not kept, as the guide says.
    alike: dict[str, Any] = {"waiting": 0, "counted": {}, "letters": []}
    differs = [
        name for name, was in vars(replace(before, **alike)).items() if was != getattr(replace(after, **alike), name)
    ]
    if probabilities != asked(cloud):
        differs.append("predictions")
    say(f"{'✗' if differs else '✓'} restored from a backup: {ROWS} predictions, {len(before.history)} of the history")
    return {"rows": ROWS, "differs": differs}


def run(cloud: Cloud, text: str, folder: Path) -> None:
    """Type a block of the guide."""
    embedded = " ".join(cloud.command())
    script = text.replace("make down", f"{embedded} down").replace("make up", f"{embedded} up")
    settings = {**cloud.variables(), "STATE": str(cloud.state), "TMPDIR": str(folder), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=cloud.checkout, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def asked(cloud: Cloud) -> list[float]:
    """The probabilities of the first rows of the list, without a trace in the log."""
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))[:ROWS]
    api = cloud.outputs()["api_url"]
    return [call(f"{api}/predict?what_if=true", row)["probability"] for row in rows]
