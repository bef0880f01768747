"""Airflow's own environment, and Airflow standalone over the session's cloud."""

import io
import json
import shutil
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from clouds import CHECKOUT, HOME, Cloud, family, until
from embedded_cloud import processes
from mlops_cloud.dag_run import ask, error_of, start

VARIABLE = "/airflow/variables/titanic"
TIMEOUT_SECONDS = 300
PAUSE_SECONDS = 1  # an answer costs Airflow as much as a task does here


@pytest.fixture(scope="session")
def airflow_python() -> Path:
    python = HOME / "envs" / "airflow" / "bin" / "python"
    if not python.exists():
        pytest.skip("Airflow's environment is not installed: run `make test`")
    return python


@dataclass
class Airflow:
    """Airflow standalone, through its REST API."""

    cloud: Cloud
    url: str
    password: str
    token: str = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        return ask(request)

    def login(self) -> None:
        login = {"username": "admin", "password": self.password}
        self.token = self.call("POST", "/auth/token", login)["access_token"]

    def start(self, dag: str, **conf: Any) -> str:
        """The path of a new run; the DAG is unpaused for it."""
        self.call("PATCH", f"/api/v2/dags/{dag}?update_mask=is_paused", {"is_paused": False})
        return start(self, dag, conf)

    def end(self, run: str) -> str:
        def ended() -> Any:
            state = self.call("GET", run)["state"]
            return state if state in ("success", "failed") else None

        return str(until(ended, TIMEOUT_SECONDS, PAUSE_SECONDS))

    def tasks(self, run: str) -> dict[str, dict[str, Any]]:
        """Task instances by id; of a mapped task the last."""
        found = self.call("GET", f"{run}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def answer(self, run: str, task: str) -> Any:
        return self.call("GET", f"{run}/taskInstances/{task}/xcomEntries/return_value")["value"]

    def error(self, run: str, task: str) -> str:
        return error_of(self, run, self.tasks(run)[task])

    def variable(self) -> dict[str, Any]:
        """The Variable by which the DAGs find the stack."""
        parameter = self.cloud.client("ssm").get_parameter(Name=VARIABLE)["Parameter"]["Value"]
        value: dict[str, Any] = json.loads(parameter)
        return value

    def write_variable(self, value: Mapping[str, Any]) -> None:
        self.cloud.client("ssm").put_parameter(Name=VARIABLE, Value=json.dumps(value), Type="String", Overwrite=True)

    @contextmanager
    def changed_variable(self, functions: Mapping[str, str], **others: Any) -> Iterator[None]:
        """For a while the DAGs find other functions, or another topic."""
        before = self.variable()
        self.write_variable({**before, "functions": {**before["functions"], **functions}, **others})
        try:
            yield
        finally:
            self.write_variable(before)

    def family(self) -> list[psutil.Process]:
        return family(processes.find(self.cloud.state, "airflow"))


@pytest.fixture(scope="module")
def airflow(airflow_python: Path, running_cloud: Cloud) -> Iterator[Airflow]:
    for folder in ("dags", "infra/airflow"):
        shutil.copytree(CHECKOUT / folder, running_cloud.checkout / folder, dirs_exist_ok=True)
    running_cloud.up()
    started = running_cloud.run("airflow")
    assert started.returncode == 0, started.stdout + started.stderr
    said = dict(line.split() for line in started.stdout.splitlines() if line.startswith("  "))
    server = Airflow(running_cloud, said["Airflow"], said["password"])
    server.login()
    dag_files = list((CHECKOUT / "dags").glob("*.py"))
    until(lambda: server.call("GET", "/api/v2/dags")["total_entries"] == len(dag_files), TIMEOUT_SECONDS, PAUSE_SECONDS)
    yield server
    processes.stop(running_cloud.state, "airflow")


@pytest.fixture
def deployed(airflow: Airflow) -> Iterator[Any]:
    """Deploys a function of a few lines to the cloud; returns its name."""
    client, names = airflow.cloud.client("lambda"), []

    def deploy(name: str, source: str) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("handler.py", source)
        client.create_function(
            FunctionName=name,
            Runtime=f"python{airflow_runtime(airflow)}",
            Role="arn:aws:iam::000000000000:role/lambda",
            Handler="handler.handler",
            Code={"ZipFile": packed.getvalue()},
        )
        names.append(name)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        return name

    yield deploy
    for name in names:
        client.delete_function(FunctionName=name)


def airflow_runtime(airflow: Airflow) -> str:
    """The Python that the product's own functions run on."""
    name = airflow.variable()["functions"]["TrainingFunction"]
    runtime: str = airflow.cloud.client("lambda").get_function_configuration(FunctionName=name)["Runtime"]
    return runtime.removeprefix("python")
