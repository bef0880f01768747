"""Batch scoring by its function and by the API: started, asked about, finished by a second request."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from generate import PASSENGER_LIST
from mlops.batch.finish import reason
from mlops.batch.status import Run
from mlops.errors import InvalidInputError, ModelNotFoundError

Http = Callable[..., tuple[int, Any]]
Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
KEY = "the admin key of the tests"
BUCKET = "titanic-data"


class MemoryRuns:
    """Implements `batch.status.Runs`; a run ends when a test lets it."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.now = Run("running")

    def start(self, batch_id: str) -> str:
        self.started.append(batch_id)
        self.now = Run("running")
        return f"run {len(self.started)}"

    def recent(self, limit: int) -> list[str]:
        return self.started[: -limit - 1 : -1]

    def find(self, name: str) -> Run:
        return self.now if name == f"run {len(self.started)}" else Run("failed", "is not known any more")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> MemoryRuns:
    runs = MemoryRuns()
    monkeypatch.setattr("mlops.stores.batch_runs.StepFunctionsRuns", lambda _machine: runs)
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    return runs


@pytest.fixture
def ask(http: Http, champion: str) -> Callable[..., tuple[int, Any]]:
    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return http(method, path, body, headers={"X-Api-Key": KEY})

    return ask


@pytest.fixture
def uploaded(objects: MemoryObjectStore) -> str:
    objects.put(BUCKET, "scoring/list.csv", PASSENGER_LIST.read_bytes(), "text/csv")
    return "scoring/list.csv"


def run(invoke: Invoke, batch_id: str, fail: bool = False) -> None:
    """What the state machine does."""
    planned = invoke("batch", {"step": "plan", "request": {"batch_id": batch_id}})
    for shard in planned["shards"]:
        if fail:
            failure = {"Error": "Sandbox.Timedout", "Cause": '{"errorMessage": "Task timed out after 900.00 seconds"}'}
            invoke("batch", {"step": "lost", "batch_id": batch_id, "shard": shard, "failure": failure})
        else:
            invoke("batch", {"step": "score", "batch_id": batch_id, "shard": shard})
    invoke("batch", {"step": "finish", "batch_id": batch_id})


def test_a_batch_is_started_watched_and_done(
    ask: Callable[..., Any], runs: MemoryRuns, invoke: Invoke, uploaded: str, champion: str
) -> None:
    status, begun = ask("POST", "/batches", {"keys": [uploaded]})
    assert status == 202
    assert begun["status"] == "running"
    assert begun["model_version"] == champion
    assert runs.started == [begun["batch_id"]]
    run(invoke, begun["batch_id"])
    _, at_work = ask("GET", f"/batches/{begun['batch_id']}")
    assert (at_work["shards"], at_work["shards_done"], at_work["rows"]) == (1, 1, None)
    runs.now = Run("succeeded")
    status, done = ask("GET", f"/batches/{begun['batch_id']}")
    assert status == 200
    assert done["status"] == "succeeded"
    assert done["rows"] == {"in": 891, "out": 891, "refused": 0, "failed": 0}
    assert done["results"] == f"s3://{BUCKET}/batches/{begun['batch_id']}/"


def test_the_latest_batches_are_listed_once_each_newest_first(
    ask: Callable[..., Any], runs: MemoryRuns, invoke: Invoke, uploaded: str, objects: MemoryObjectStore
) -> None:
    assert ask("GET", "/batches") == (200, {"batches": []})
    _, first = ask("POST", "/batches", {"keys": [uploaded]})
    _, second = ask("POST", "/batches", {"keys": [uploaded], "format": "parquet"})
    runs.now = Run("failed", "it was stopped")
    ask("POST", "/batches", {"keys": [uploaded]})
    runs.started.append("0" * 16)  # one that is kept no more
    listed = ask("GET", "/batches")[1]["batches"]
    assert [each["batch_id"] for each in listed] == [first["batch_id"], second["batch_id"]]
    assert listed[0] == ask("GET", f"/batches/{first['batch_id']}")[1]


def test_a_complete_or_running_batch_is_not_started_again(
    ask: Callable[..., Any], runs: MemoryRuns, invoke: Invoke, uploaded: str
) -> None:
    for _ in range(2):
        _, begun = ask("POST", "/batches", {"keys": [uploaded]})
    run(invoke, begun["batch_id"])
    runs.now = Run("succeeded")
    assert ask("POST", "/batches", {"keys": [f"s3://{BUCKET}/{uploaded}"]})[1]["status"] == "succeeded"
    assert len(runs.started) == 1
    assert ask("POST", "/batches", {"keys": [uploaded], "format": "parquet"})[1]["batch_id"] != begun["batch_id"]


def test_the_same_request_finishes_what_failed(
    ask: Callable[..., Any], runs: MemoryRuns, invoke: Invoke, uploaded: str
) -> None:
    _, begun = ask("POST", "/batches", {"keys": [uploaded]})
    run(invoke, begun["batch_id"], fail=True)
    runs.now = Run("succeeded")
    _, found = ask("GET", f"/batches/{begun['batch_id']}")
    assert found["status"] == "incomplete"
    assert found["rows"] == {"in": 891, "out": 0, "refused": 0, "failed": 891}
    assert ask("POST", "/batches", {"keys": [uploaded]})[1]["status"] == "running"
    run(invoke, begun["batch_id"])
    runs.now = Run("succeeded")
    assert ask("GET", f"/batches/{begun['batch_id']}")[1]["status"] == "succeeded"


def test_why_a_run_failed_is_told(ask: Callable[..., Any], runs: MemoryRuns, uploaded: str) -> None:
    _, begun = ask("POST", "/batches", {"keys": [uploaded]})
    cause = json.dumps({"errorMessage": "list.csv: Line 3 …", "stackTrace": ["…"]})
    runs.now = Run("failed", reason({"Error": "DatasetRefusedError", "Cause": cause}))
    _, found = ask("GET", f"/batches/{begun['batch_id']}")
    assert (found["status"], found["reason"]) == ("failed", "DatasetRefusedError: list.csv: Line 3 …")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"keys": ["scoring/nothing.csv"]}, 404, "There is no 'scoring/nothing.csv' in the data bucket"),
        ({"keys": []}, 422, "keys"),
        ({"keys": ["a"], "format": "xlsx"}, 422, "format"),
        ({"keys": ["a"], "what": 1}, 422, "what"),
        ({"keys": ["scoring/list.csv"], "model_version": "0000000000000000"}, 404, "model version 0000000000000000"),
    ],
)
def test_what_cannot_be_asked_for_is_told_in_words(
    ask: Callable[..., Any], runs: MemoryRuns, uploaded: str, body: Any, status: int, words: str
) -> None:
    found, problem = ask("POST", "/batches", body)
    assert found == status
    assert words in json.dumps(problem)
    assert not runs.started


def test_only_the_admin_scores_files(http: Http, runs: MemoryRuns, champion: str, uploaded: str) -> None:
    for method, path, body in (("POST", "/batches", {"keys": [uploaded]}), ("GET", "/batches/0123456789abcdef", None)):
        assert http(method, path, body)[0] == 401
        assert http(method, path, body, headers={"X-Api-Key": "wrong"})[0] == 403
    assert not runs.started


def test_unknown_batches_are_404_and_other_ids_422(ask: Callable[..., Any], runs: MemoryRuns) -> None:
    assert ask("GET", "/batches/0123456789abcdef")[0] == 404
    assert ask("GET", "/batches/..%2Fraw")[0] in (404, 422)


def test_the_state_machine_takes_keys_too(
    invoke: Invoke, sample: Callable[[str, str], dict[str, Any]], objects: MemoryObjectStore, champion: str
) -> None:
    objects.put(BUCKET, "raw/titanic.csv", PASSENGER_LIST.read_bytes(), "text/csv")
    planned = invoke("batch", {**sample("batch", "plan"), "run": "an execution"})
    assert planned["shards"] == [0]
    assert planned["total"] == 1
    assert invoke("batch", {**sample("batch", "score"), "batch_id": planned["batch_id"]}) == {
        "shard": 0,
        "rows": 891,
        "scored": 891,
        "refused": 0,
    }
    finished = invoke("batch", {**sample("batch", "finish"), "batch_id": planned["batch_id"]})
    assert finished["complete"]
    assert json.loads(objects.get(BUCKET, f"batches/{planned['batch_id']}/execution.json")[0]) == {
        "run": "an execution"
    }


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"step": "train"}, '"step" is one of plan, score, lost, finish'),
        ({"step": "plan", "request": {"batch_id": "../x"}}, "request.batch_id"),
        ({"step": "score", "batch_id": "0123456789abcdef", "shard": -1}, "shard"),
        ({"step": "plan", "request": {"keys": []}}, "No file"),
        ({"Records": [{"eventSource": "aws:s3"}]}, "no event of batch but of aws:s3"),
    ],
)
def test_other_events_are_refused_in_words(invoke: Invoke, champion: str, event: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        invoke("batch", event)


def test_an_unknown_model_is_refused_when_a_shard_is_scored(invoke: Invoke, uploaded: str, champion: str) -> None:
    asked = {"keys": [uploaded], "model_version": "0000000000000000"}
    planned = invoke("batch", {"step": "plan", "request": asked})
    with pytest.raises(ModelNotFoundError):
        invoke("batch", {"step": "score", "batch_id": planned["batch_id"], "shard": 0})
