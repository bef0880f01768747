"""What the guides say to type where there is Docker is typed here, as it stands."""

import subprocess

import pytest

from clouds import CHECKOUT
from guides import blocks

from .conftest import Compose

pytestmark = pytest.mark.timeout(1800)


def test_the_commands_work_as_they_are_written(compose: Compose) -> None:
    """In this project, whose ports and passwords stay as they are; a stand-in of AWS's image cannot be pulled."""
    script = "\n".join(text for need, text in blocks("docs/first-hour.md") if need == "docker")
    assert "docker compose up" in script
    assert "sam local invoke" in script
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=CHECKOUT,
            env={**compose.variables, "SAM_SKIP_PULL_IMAGE": "1"},
            capture_output=True,
            text=True,
        )
    finally:
        compose.run("--profile", "mlflow", "rm", "--stop", "--force", "mlflow")
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "(champion)" in done.stdout  # by MLflow
    assert '"probability"' in done.stdout  # by the function in its container
