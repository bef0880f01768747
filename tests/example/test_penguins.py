"""A use case that `make new` wrote and nobody edited, all the way: what docs/your-own-data.md promises."""

import csv
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clouds import CHECKOUT, Cloud, until


class PenguinCloud(Cloud):
    """A cloud of the example's."""

    def command(self, *arguments: str) -> list[str]:
        program, *rest = super().command(*arguments)
        return [program, "--use-case", "penguins", *rest]


@pytest.fixture
def penguins(checkout: Path, tmp_path: Path) -> Iterator[PenguinCloud]:
    cloud = PenguinCloud(checkout, tmp_path / "state")
    try:
        yield cloud
    finally:
        cloud.run("down")


def rows() -> list[dict[str, str]]:
    with (CHECKOUT / "data" / "penguins.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["sex"] in ("male", "female")]


def heavier(row: dict[str, str], grams: int) -> dict[str, str]:
    """A penguin that was never measured; without its label."""
    mass = "5000" if row["body_mass_g"] == "NA" else row["body_mass_g"]
    return {name: value for name, value in {**row, "body_mass_g": str(int(mass) + grams)}.items() if name != "sex"}


def drift(cloud: Cloud) -> dict[str, Any]:
    done = cloud.run("invoke", "MonitoringFunction", '{"task": "drift"}')
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.timeout(900)
def test_from_a_csv_to_predictions_drift_and_another_model(penguins: PenguinCloud) -> None:
    penguins.up()
    outputs, schema = penguins.outputs(), penguins.call("/schema")
    assert (outputs["use_case"], outputs["data_bucket"], schema["name"]) == ("penguins", "penguins-data", "penguins")
    with urllib.request.urlopen(outputs["web_url"], timeout=120) as page:
        assert page.status == 200

    row = schema["examples"][0]["row"]
    answer = penguins.call("/predict", row)
    assert answer["sex"] in (0, 1)
    assert sum(answer["contributions"].values()) == pytest.approx(answer["probability"], abs=1e-9)
    assert penguins.call("/predict", {**row, "island": "Atlantis"})["features"]["island"] == "Atlantis"
    told = {"prediction_id": answer["prediction_id"], "sex": schema["label"]["values"][1]}
    assert penguins.call("/feedback", told)["sex"] == 1

    before, measured = penguins.champion(), rows()
    right = [
        prediction["sex"] == (row["sex"] == "female")
        for row, prediction in zip(
            measured, penguins.call("/predict/batch", {"penguins": measured})["predictions"], strict=True
        )
    ]
    assert sum(right) / len(right) > 0.9

    decisions = []
    for grams in (2000, 2500):
        asked = [heavier(row, grams) for row in measured]
        predictions = penguins.call("/predict/batch", {"rows": [*asked, *asked]})["predictions"]
        for row, prediction in list(zip(measured, predictions, strict=False))[:120]:
            penguins.call("/feedback", {"prediction_id": prediction["prediction_id"], "sex": row["sex"]})
        report = drift(penguins)
        assert "body_mass_g" in report["drifted"]
        decisions.append(report["retraining"]["decision"])
    assert decisions == ["held", "started"], report

    def ended() -> Any:
        runs = penguins.client("stepfunctions").list_executions(stateMachineArn=outputs["pipeline_arn"])["executions"]
        return len(runs) > 1 and all(run["status"] != "RUNNING" for run in runs) and runs

    assert {run["status"] for run in until(ended, 300)} == {"SUCCEEDED"}
    versions = {each["model_version"] for each in penguins.call("/models")["models"]}
    assert before in versions
    assert len(versions) == 2
