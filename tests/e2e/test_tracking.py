"""MLflow and the model card, filled from a running cloud's registry."""

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from clouds import CHECKOUT, HOME, Cloud

PYTHON = HOME / "envs/mlflow/bin/python"
ASK = """
import json, mlflow, numpy as np
champion = mlflow.sklearn.load_model("models:/titanic@champion")
runs = mlflow.search_runs(experiment_names=["titanic"], output_format="list")
whole = [run for run in runs if "parent" not in run.data.tags]
print(json.dumps({
    "runs": sorted(run.info.run_id for run in runs),
    "versions": [run.data.tags["model_version"] for run in whole],
    "accuracy": whole[0].data.metrics["accuracy"],
    "probabilities": champion.predict_proba(np.zeros((1, champion.n_features_in_))).tolist(),
}))
"""

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="the mlflow environment is not installed: run `make test`")


def run(cloud: Cloud, folder: Path, *command: str | Path) -> str:
    """A command in MLflow's environment, with the cloud's addresses on standard input as in the Makefile."""
    variables = {
        **cloud.variables(),
        "PYTHONPATH": str(CHECKOUT / "functions"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        "PATH": os.defpath,
    }
    done = subprocess.run(
        [PYTHON, *command],
        env=variables,
        cwd=folder,
        input=json.dumps(cloud.outputs()),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_mlflow_is_filled_once_however_often(cloud: Cloud, tmp_path: Path) -> None:
    fill = CHECKOUT / "infra/mlflow/experiments.py"
    assert f"{cloud.champion()} (champion)" in run(cloud, tmp_path, fill)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        first = sorted(name for (name,) in database.execute("SELECT run_uuid FROM runs"))
    run(cloud, tmp_path, fill)

    found = json.loads(run(cloud, tmp_path, "-c", ASK).splitlines()[-1])
    assert found["runs"] == first
    assert cloud.champion() in found["versions"]
    assert len(first) >= 1 + len(cloud.call("/model")["search"]["candidates"])
    assert sum(found["probabilities"][0]) == pytest.approx(1)


def test_the_card_is_one_self_contained_page(cloud: Cloud, tmp_path: Path) -> None:
    script = CHECKOUT / "infra/mlflow/card.py"
    file = Path(run(cloud, tmp_path, script, tmp_path / "cards").strip())
    page = file.read_text()

    assert file.stem == cloud.champion()
    assert page.count("<svg") == 6
    assert "Majority class" in page
    assert all(word in page for word in cloud.call("/schema")["label"]["words"])
    assert cloud.call("/model")["decisions"][0]["reason"].split(":")[0] in page
    assert "<script" not in page
    assert 'src="' not in page
    before = page
    run(cloud, tmp_path, script, tmp_path / "cards")
    assert file.read_text() == before
