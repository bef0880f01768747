"""One event through every door of the embedded cloud: the same prediction, features and contributions included."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clouds import HOME, Cloud
from parity import __main__ as parity
from parity import doors, report
from parity.report import Passage


def test_every_door_gives_the_same_prediction(cloud: Cloud) -> None:
    passages = parity.through_every_door("embedded", cloud.outputs(), None)
    assert len({each.door for each in passages}) >= 4
    assert report.differing(passages) == []


@pytest.mark.timeout(600)
def test_in_containers_each_function_answers_as_here(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sam local invoke` of all five functions, by way of the forwarder; beside them the deployed ones."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True).returncode:
        pytest.skip("no Docker engine answers")
    monkeypatch.setenv("ARTIFACT_CACHE", str(HOME))
    sam = doors.Sam(cloud.command("sam-env", "embedded"), cloud.state.parent / "sam" / "environment.json")
    sam.build()
    outputs = cloud.outputs()
    for function, name in parity.FUNCTIONS.items():
        event = parity.content(name)
        contained, deployed = sam.local(function)(outputs, event), doors.invoke(outputs, function, event)
        assert set(report.prediction(contained)) == set(report.prediction(deployed)), function
    passages = parity.through_every_door("embedded", outputs, sam)
    assert "sam local" in {each.door for each in passages}
    assert report.differing(passages) == []


def test_a_difference_is_found_wherever_it_is() -> None:
    same: dict[str, Any] = {"prediction_id": "1", "probability": 0.5, "contributions": {"base": 0.4, "sex": 0.1}}
    other = {**same, "prediction_id": "2", "contributions": {"base": 0.4, "sex": 0.1000000001}}
    first = Passage("Lambda", "embedded", "passenger.json", same, 0.1)
    assert (
        report.differing([first, Passage("Airflow", "compose", "passenger.json", {**same, "prediction_id": "3"}, 1)])
        == []
    )
    (found,) = report.differing([first, Passage("Airflow", "compose", "passenger.json", other, 1)])
    assert "Airflow on compose" in found
