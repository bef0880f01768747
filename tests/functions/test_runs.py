"""The pipeline's runs over HTTP: who may see what, and how a file gets in."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from fakes.step_functions import QUOTED, States

Http = Callable[..., tuple[int, Any]]
KEY = "correct horse"


@pytest.fixture
def states(environment: None, monkeypatch: pytest.MonkeyPatch) -> States:
    states = States()
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    monkeypatch.setattr("mlops.stores.executions.boto3.client", lambda *_, **__: states)
    return states


def test_runs_are_told_newest_first_without_what_their_files_hold(http: Http, states: States) -> None:
    status, answer = http("GET", "/runs")
    assert status == 200
    assert answer["steps"] == [{"name": "Ingest", "each": None, "optional": False}]
    assert [run["run"] for run in answer["runs"]] == ["third", "second", "first"]
    third, second, first = answer["runs"]
    assert (third["status"], third["ended_at"], third["rows"]) == ("running", None, None)
    assert (second["status"], second["error"], second["file"]) == ("failed", "DatasetRefusedError", "raw/list.csv")
    assert (first["rows"], first["rejected"], first["decision"]) == (890, 1, "kept")
    assert "a long time" not in json.dumps(answer)


def test_runs_that_ended_are_asked_for_once(http: Http, states: States) -> None:
    for _ in range(3):
        http("GET", "/runs")
    assert states.described == 2 + 3  # the one that runs, each time


def test_a_run_is_told_step_by_step(http: Http, states: States) -> None:
    status, answer = http("GET", "/runs/third")
    assert status == 200
    assert [(step["name"], step["status"]) for step in answer["steps"]] == [("Ingest", "running")]
    assert "cause" not in http("GET", "/runs/second")[1]


@pytest.mark.parametrize(("run", "status"), [("nobody", 404), ("x" * 81, 422), ("a;b", 422)])
def test_a_run_that_is_none(http: Http, states: States, run: str, status: int) -> None:
    assert http("GET", f"/runs/{run}")[0] == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/runs/first/rejections", None),
        ("POST", "/runs", {"file": "raw/a.csv"}),
        ("POST", "/uploads/a.csv", "a"),
    ],
)
def test_what_needs_the_key(http: Http, states: States, method: str, path: str, body: Any) -> None:
    assert http(method, path, body)[0] == 401
    assert http(method, path, body, headers={"X-Api-Key": "wrong"})[0] == 403
    assert states.started == []


@pytest.mark.parametrize(("run", "version"), [("first", "fedcba9876543210"), ("second", "0123456789abcdef")])
def test_what_a_run_refused_is_for_the_holder_of_the_key(
    http: Http, states: States, objects: MemoryObjectStore, run: str, version: str
) -> None:
    """Of a dataset, and of a file that was refused whole."""
    cells = [{"row": at, "field": "Age", "value": "a long time", "reason": "is not a number"} for at in range(1200)]
    lines = b"".join(json.dumps(cell).encode() + b"\n" for cell in cells)
    objects.put("titanic-data", f"quarantine/{version}.jsonl", lines, "application/x-ndjson")

    status, answer = http("GET", f"/runs/{run}/rejections", headers={"X-Api-Key": KEY})

    assert (status, answer["total"], answer["cells"]) == (200, 1200, cells[:1000])
    assert answer["cause"] == (QUOTED if run == "second" else None)


def test_without_a_quarantine_nothing_was_refused(http: Http, states: States, objects: MemoryObjectStore) -> None:
    status, answer = http("GET", "/runs/third/rejections", headers={"X-Api-Key": KEY})
    assert (status, answer["cells"], answer["total"]) == (200, [], 0)


def test_an_upload_is_kept_and_run(http: Http, states: States, objects: MemoryObjectStore) -> None:
    status, answer = http("POST", "/uploads/list 2.csv", "a,b\r\n1,ü\r\n", headers={"X-Api-Key": KEY})
    assert (status, answer["run"]) == (202, "new")
    assert answer["file"].startswith("uploads/")
    assert answer["file"].endswith("-list 2.csv")
    assert objects.get("titanic-data", answer["file"])[0] == "a,b\r\n1,ü\r\n".encode()
    key = {"detail": {"bucket": {"name": "titanic-data"}, "object": {"key": answer["file"]}}}
    assert states.started == [key]


@pytest.mark.parametrize("name", ["list.txt", ".csv/x.csv", "a" * 101 + ".csv", "ä/b.csv", "%00.csv"])
def test_a_name_that_is_none(http: Http, states: States, name: str) -> None:
    assert http("POST", f"/uploads/{name}", "a", headers={"X-Api-Key": KEY})[0] in (404, 422)
    assert states.started == []


def test_a_file_is_run_again_if_it_is_there(http: Http, states: States, objects: MemoryObjectStore) -> None:
    objects.put("titanic-data", "raw/list.csv", b"a", "text/csv")
    assert http("POST", "/runs", {"file": "raw/list.csv"}, headers={"X-Api-Key": KEY})[0] == 202
    status, problem = http("POST", "/runs", {"file": "raw/none.csv"}, headers={"X-Api-Key": KEY})
    assert (status, "raw/none.csv" in problem["detail"]) == (404, True)
    assert len(states.started) == 1
