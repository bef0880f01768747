"""One event through every door of Compose's cloud: the same prediction."""

from typing import Any

import pytest

from clouds import HOME
from parity import __main__ as parity
from parity import doors, report

from .conftest import Compose

pytestmark = pytest.mark.timeout(1200)


def test_every_door_gives_the_same_prediction(
    compose: Compose, outputs: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in compose.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ARTIFACT_CACHE", str(HOME))
    state = tmp_path / "cloud"
    command = [str(HOME / "envs/cloud/bin/embedded-cloud"), "--home", str(HOME), "--state", str(state)]
    sam = doors.Sam([*command, "sam-env", "compose"], tmp_path / "sam" / "environment.json")
    sam.build()
    passages = parity.through_every_door("compose", outputs, sam)
    assert {each.door for each in passages} == {
        "plain handler",
        "Lambda",
        "API Gateway",
        "Step Functions",
        "sam local",
        "Airflow",
    }
    assert report.differing(passages) == []


@pytest.mark.parametrize("function", parity.FUNCTIONS)
def test_every_function_runs_in_a_container(
    compose: Compose, outputs: dict[str, Any], function: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sam local invoke` and the deployed function answer the same committed event."""
    for name, value in compose.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ARTIFACT_CACHE", str(HOME))
    command = [str(HOME / "envs/cloud/bin/embedded-cloud"), "--home", str(HOME), "--state", str(tmp_path / "cloud")]
    sam = doors.Sam([*command, "sam-env", "compose"], tmp_path / "sam" / "environment.json")
    sam.build()
    event = parity.content(parity.FUNCTIONS[function])
    deployed, contained = doors.invoke(outputs, function, event), sam.local(function)(outputs, event)
    assert set(report.prediction(contained)) == set(report.prediction(deployed))
