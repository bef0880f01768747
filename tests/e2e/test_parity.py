"""One event through every door of the embedded cloud: the same prediction, features and contributions included."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clouds import HOME, Cloud
from parity import __main__ as parity
from parity import doors, report, sam
from parity.report import Passage
from parity.sam import Sam


@pytest.fixture
def prepared(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sam]]:
    """`sam local` on this cloud, with options of `sam-env`, and its artifacts built."""
    monkeypatch.setenv("ARTIFACT_CACHE", str(HOME))
    made: list[Sam] = []

    def prepare(*options: str) -> Sam:
        made.append(Sam(cloud.command("sam-env", "embedded", *options), cloud.state.parent / "sam/environment.json"))
        made[-1].build()
        return made[-1]

    yield prepare
    for each in made:
        each.close()


@pytest.mark.timeout(600)
@pytest.mark.long
@pytest.mark.parametrize("door", [sam.PROCESSES, sam.CONTAINERS])
def test_every_function_and_every_door_answers_the_same(cloud: Cloud, prepared: Callable[..., Sam], door: str) -> None:
    """`sam local invoke` of all five functions beside the deployed ones; then one event through every door."""
    if door == sam.CONTAINERS and not sam.engine_runs():
        pytest.skip("no Docker engine answers")
    local = prepared(*["--no-docker"] * (door == sam.PROCESSES))
    outputs = cloud.outputs()
    for function, name in parity.FUNCTIONS.items():
        event = parity.content(name)
        answer, deployed = local.local(function)(outputs, event), doors.invoke(outputs, function, event)
        assert set(report.prediction(answer)) == set(report.prediction(deployed)), function
    passages = parity.through("embedded", outputs, parity.ways(outputs, {door: local}))
    assert {door, "plain handler", "Lambda", "API Gateway", "Step Functions"} <= {each.door for each in passages}
    assert report.differing(passages) == []


def test_a_door_that_is_not_there_says_why() -> None:
    answer = {"probability": 0.5}
    passages = [
        Passage("Lambda", "embedded", "row.json", answer, 0.1),
        Passage("Lambda", "compose", "row.json", answer, 0.1),
    ]
    closed = {("sam local", "embedded"): "no Docker engine runs", ("sam local", "compose"): "another reason"}
    *_, row = report.table(passages, closed).splitlines()
    assert row == "| sam local | not there: no Docker engine runs | not there: another reason |"


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
