"""What Airflow reads: quickly, without a warning, and with all that a person needs to know."""

import inspect
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clouds import CHECKOUT
from mlops import errors

DAGS = {"titanic_pipeline", "titanic_state_machine", "titanic_inbox", "titanic_drift", "titanic_predict"}


@pytest.fixture(scope="module")
def parsed(airflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("airflow")
    script = Path(__file__).with_name("parse.py")
    done = subprocess.run(
        [airflow_python, script, CHECKOUT / "dags"],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home), "AWS_CONFIG_FILE": os.devnull},
        cwd=home,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_file_parses_without_a_warning(parsed: Any) -> None:
    assert {name: (file["errors"], file["warned"]) for name, file in parsed["files"].items()} == {
        f"{dag}.py": ([], []) for dag in DAGS
    }


def test_every_file_parses_within_a_second(parsed: Any) -> None:
    seconds = {name: file["seconds"] for name, file in parsed["files"].items()}
    assert max(seconds.values()) < 1, seconds


def test_nothing_of_the_product_is_imported(parsed: Any) -> None:
    assert not {name for name in parsed["modules"] if name.split(".")[0] in ("titanic", "embedded_cloud")}


def test_dags_and_tasks_say_what_they_are_and_announce_failures(parsed: Any) -> None:
    dags = {name: dag for file in parsed["files"].values() for name, dag in file["dags"].items()}
    assert set(dags) == DAGS
    for name, dag in dags.items():
        assert dag["doc"], name
        assert "titanic" in dag["tags"], name
        assert dag["deadline"] == (name != "titanic_inbox"), f"{name}: waiting for a file has no deadline"
        for task_id, task in dag["tasks"].items():
            assert task["doc"], f"{name}.{task_id}"
            assert task["owner"] == "titanic", f"{name}.{task_id}"
            assert task["retries"] >= 1, f"{name}.{task_id}"
            assert task["backoff"] > 1, f"{name}.{task_id}"
            assert task["announced"], f"{name}.{task_id}"


def test_errors_that_are_not_retried_are_the_products_own_and_not_those_that_may_go_by_themselves(parsed: Any) -> None:
    own = {name for name, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.TitanicError)}
    assert set(parsed["permanent"]) <= own
    assert not {"StoreUnavailableError", "PromotionConflictError"} & set(parsed["permanent"])
