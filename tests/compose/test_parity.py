"""One event through every door of Compose's cloud: the same prediction."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clouds import HOME
from parity import __main__ as parity
from parity import doors, report
from parity.sam import CONTAINERS, Sam

from .conftest import Compose

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def sam(compose: Compose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sam]:
    """`sam local` against this project, as `make sam-env` prepares it."""
    for name, value in {**compose.variables, "ARTIFACT_CACHE": str(HOME)}.items():
        monkeypatch.setenv(name, value)
    command = [str(HOME / "envs/cloud/bin/embedded-cloud"), "--home", str(HOME), "--state", str(tmp_path / "cloud")]
    sam = Sam([*command, "sam-env", "compose"], tmp_path / "sam" / "environment.json")
    sam.build()
    yield sam
    sam.close()


def test_every_door_gives_the_same_prediction(outputs: dict[str, Any], sam: Sam) -> None:
    passages = parity.through("compose", outputs, parity.ways(outputs, {CONTAINERS: sam}))
    open_doors = {each.door for each in passages}
    assert open_doors == {"plain handler", "Lambda", "API Gateway", "Step Functions", CONTAINERS, "Airflow"}
    assert report.differing(passages) == []


def test_in_containers_each_function_answers_as_here(outputs: dict[str, Any], sam: Sam) -> None:
    for function, name in parity.FUNCTIONS.items():
        event = parity.content(name)
        contained, deployed = sam.local(function)(outputs, event), doors.invoke(outputs, function, event)
        assert set(report.prediction(contained)) == set(report.prediction(deployed)), function
