"""A DAG run in Airflow, started through its REST API and followed in the terminal to its end."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say, step
from mlops_cloud.airflow import USER, Airflow

TIMEOUT_SECONDS = 60  # until the DAG processor has read the folder
# Airflow answers 500 while its SQLite is held by what else it does.
TRIES, PAUSE_SECONDS = 5, 1
FINISHED = ("success", "failed")


class Caller(Protocol):
    """What calls Airflow's REST API."""

    def call(self, method: str, path: str, body: Any = None) -> Any: ...


class Api:
    """Airflow's REST API, as its user."""

    def __init__(self, airflow: Airflow) -> None:
        self._url = airflow.url
        login = {"username": USER, "password": airflow.password()}
        self._headers = {"Content-Type": "application/json"}
        self._headers["Authorization"] = f"Bearer {self.call('POST', '/auth/token', login)['access_token']}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)
        return ask(request)


def ask(request: urllib.request.Request) -> Any:
    """What Airflow answers, asked again where it fails in passing; HTTPError of what it refuses."""
    tries = TRIES
    while True:
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.load(response)
        except urllib.error.HTTPError as failed:
            tries -= 1
            if failed.code < HTTPStatus.INTERNAL_SERVER_ERROR or not tries:
                raise
            time.sleep(PAUSE_SECONDS)


def start(api: Caller, dag: str, conf: Mapping[str, Any]) -> str:
    """Start a run as soon as Airflow knows the DAG; returns the path of the run."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    # Named here, so that it is started once, however often it is asked for.
    name = f"manual__{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    while True:
        try:
            api.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"dag_run_id": name, "logical_date": None, "conf": conf})
            break
        except urllib.error.HTTPError as refused:
            if refused.code == HTTPStatus.CONFLICT:
                break
            if refused.code != HTTPStatus.NOT_FOUND or time.monotonic() > deadline:
                raise CloudError(f"Airflow does not start {dag}: {refused.read().decode()}", "make logs") from refused
            time.sleep(0.5)
    return f"/api/v2/dags/{dag}/dagRuns/{name}"


def follow(api: Api, run: str) -> None:
    """Show each task as its state changes. Raises CloudError with the failed task's own error."""
    seen: dict[str, str] = {}
    with step(f"Run {run.rpartition('/')[2]}"):
        while True:
            state = api.call("GET", run)["state"]
            tasks = api.call("GET", f"{run}/taskInstances")["task_instances"]
            for task in sorted(tasks, key=lambda each: each["start_date"] or "9"):
                name = task["task_id"] + (f" {task['map_index']}" if task["map_index"] >= 0 else "")
                if task["state"] and seen.get(name) != task["state"]:
                    seen[name] = task["state"]
                    if task["state"] not in ("scheduled", "queued"):
                        say(f"  {name} {task['state']}")
            if state in FINISHED:
                break
            time.sleep(0.5)
    if state == "failed":
        failed = next(task for task in tasks if task["state"] == "failed")
        raise CloudError(f"{failed['task_id']} failed: {error_of(api, run, failed)}", "Its whole log is in Airflow")


def error_of(api: Api, run: str, task: Mapping[str, Any]) -> str:
    """What a failed task's log says it died of."""
    log = f"{run}/taskInstances/{task['task_id']}/logs/{task['try_number']}?map_index={task['map_index']}"
    errors = [
        f"{error['exc_type']}: {error['exc_value']}"
        for event in api.call("GET", log)["content"]
        for error in event.get("error_detail") or []
    ]
    return errors[-1] if errors else "its log has no error"


def answer(api: Api, run: str, task: str) -> Any:
    """What a task returned."""
    entry = api.call("GET", f"{run}/taskInstances/{task}/xcomEntries/return_value")["value"]
    return json.loads(entry) if isinstance(entry, str) else entry
