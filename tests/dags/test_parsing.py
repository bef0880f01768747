"""What Airflow reads: quickly, without a warning, and with all that a person needs to know."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clouds import CHECKOUT
from mlops.data.rejection import DatasetRefusedError
from mlops.errors import MlopsError

ROLES = ("pipeline", "state_machine", "inbox", "drift", "predict", "batch_scoring")
Parse = Callable[..., Any]


@pytest.fixture(scope="module")
def parse(airflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Parse:
    """Parses the folder with Airflow's own Python, for one use case."""

    def parse(**variables: str) -> Any:
        home = tmp_path_factory.mktemp("airflow")
        script = Path(__file__).with_name("parse.py")
        least = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
        done = subprocess.run(
            [airflow_python, script, CHECKOUT / "dags"],
            env={**least, "AWS_CONFIG_FILE": os.devnull, **variables},
            cwd=home,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return parse


@pytest.fixture(scope="module")
def parsed(parse: Parse) -> Any:
    """The DAGs of the default use case."""
    return parse()


def dags_of(parsed: Any) -> dict[str, Any]:
    """Every DAG by its id."""
    return {name: dag for file in parsed["files"].values() for name, dag in file["dags"].items()}


def names_below(kind: type) -> set[str]:
    """The names of a class's subclasses, at any depth."""
    return {name for below in kind.__subclasses__() for name in (below.__name__, *names_below(below))}


def test_every_file_parses_without_a_warning(parsed: Any) -> None:
    assert {name: (file["errors"], file["warned"]) for name, file in parsed["files"].items()} == {
        f"{role}.py": ([], []) for role in ROLES
    }


def test_every_file_parses_within_a_second(parsed: Any) -> None:
    seconds = {name: file["seconds"] for name, file in parsed["files"].items()}
    assert max(seconds.values()) < 1, seconds


def test_nothing_of_the_product_is_imported(parsed: Any) -> None:
    packages = {name.split(".")[0] for name in parsed["modules"]}
    assert not packages & {"mlops", "titanic", "embedded_cloud"}


def test_dags_and_tasks_say_what_they_are_and_announce_failures(parsed: Any) -> None:
    dags = dags_of(parsed)
    assert set(dags) == {f"titanic_{role}" for role in ROLES}
    for name, dag in dags.items():
        assert dag["doc"], name
        assert "{use_case}" not in dag["doc"], name
        assert "titanic" in dag["tags"], name
        assert dag["deadline"] == (name != "titanic_inbox"), f"{name}: waiting for a file has no deadline"
        for task_id, task in dag["tasks"].items():
            assert task["doc"], f"{name}.{task_id}"
            assert task["owner"] == "titanic", f"{name}.{task_id}"
            assert task["retries"] >= 1, f"{name}.{task_id}"
            assert task["backoff"] > 1, f"{name}.{task_id}"
            assert task["announced"], f"{name}.{task_id}"


def test_another_use_case_has_dags_and_assets_of_its_own_name(parse: Parse) -> None:
    parsed = parse(USE_CASE="churn_2")

    assert all(not file["errors"] for file in parsed["files"].values())
    assert set(dags_of(parsed)) == {f"churn_2_{role}" for role in ROLES}
    assert parsed["assets"] == ["churn_2_datasets", "churn_2_champion"]
    assert "titanic" not in json.dumps(dags_of(parsed))


def test_errors_that_are_not_retried_are_the_products_own_and_not_transient(parsed: Any) -> None:
    assert set(parsed["permanent"]) <= {DatasetRefusedError.__name__, *names_below(MlopsError)}
    assert not {"StoreUnavailableError", "PromotionConflictError"} & set(parsed["permanent"])
