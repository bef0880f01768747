"""Batch scoring on a running cloud, by `make batch`'s command: every row once, whatever happens on the way."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from clouds import CHECKOUT, Cloud, copied, until
from generate import write

ROWS = 20_000


@pytest.fixture
def batch(cloud: Cloud) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command for a file, a folder and a format."""

    def batch(file: Path, out: Path, format: str = "csv") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, CHECKOUT / "infra/batch/command.py", out, format, file]
        return subprocess.run(command, input=json.dumps(cloud.outputs()), capture_output=True, text=True, timeout=300)

    return batch


def scored(out: Path) -> Iterator[dict[str, str]]:
    for part in sorted(out.glob("part-*.csv")):
        with part.open(newline="") as file:
            yield from csv.DictReader(file)


def manifest(out: Path) -> Any:
    return json.loads((out / "manifest.json").read_text())


def test_every_row_comes_back_once_in_order_as_the_api_has_it(
    cloud: Cloud, batch: Callable[..., Any], tmp_path: Path
) -> None:
    source = write(tmp_path / "a list (1).csv", ROWS, bad=0.01)
    done = batch(source, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    found = list(scored(tmp_path / "out"))
    assert counts["in"] == ROWS
    assert counts["out"] == len(found)
    assert counts["refused"] == ROWS - len(found) > 0
    ids = [int(row["PassengerId"]) for row in found]
    assert ids == sorted(set(ids))
    assert len(manifest(tmp_path / "out")["parts"]) > 1
    some = {row["PassengerId"]: row for row in found[::100]}
    with source.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["PassengerId"] in some]
    answer = cloud.call("/predict/batch", {"rows": rows})
    assert answer["model_version"] == manifest(tmp_path / "out")["model_version"]
    expected = [(each["survived"], each["probability"]) for each in answer["predictions"]]
    assert [(int(each["survived"]), float(each["probability"])) for each in some.values()] == expected

    again = batch(source, tmp_path / "again")
    assert again.returncode == 0, again.stderr
    for file in (tmp_path / "out").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_a_function_that_is_killed_costs_no_row(cloud: Cloud, batch: Callable[..., Any], tmp_path: Path) -> None:
    packed = tmp_path / "list.csv.gz"
    packed.write_bytes(gzip.compress(write(tmp_path / "list.csv", 60_000, seed=7, bad=0).read_bytes(), 1))
    name = cloud.outputs()["functions"]["BatchFunction"]

    def at_work() -> list[psutil.Process]:
        return [each for each in psutil.process_iter() if name in _environment(each) and each.cpu_percent(0.05) > 50]

    command = [sys.executable, CHECKOUT / "infra/batch/command.py", tmp_path / "out", "parquet", packed]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        running.stdin.write(json.dumps(cloud.outputs()))
        running.stdin.close()
        victim = until(at_work)[0]
        os.kill(victim.pid, signal.SIGKILL)
        assert running.wait(300) == 0
        assert running.stdout is not None
        assert json.load(running.stdout) == {"in": 60_000, "out": 60_000, "refused": 0, "failed": 0}
    assert not psutil.pid_exists(victim.pid)
    assert sum(each["rows"] for each in manifest(tmp_path / "out")["parts"]) == 60_000


def _environment(process: psutil.Process) -> Any:
    try:
        return process.environ().values()
    except (psutil.Error, OSError):
        return ()


def test_shards_that_fail_are_named_and_scored_by_the_next_run(cloud: Cloud, tmp_path: Path) -> None:
    s3, outputs = cloud.client("s3"), cloud.outputs()
    version = copied(s3, outputs["models_bucket"], cloud.champion())
    model = {"Bucket": outputs["models_bucket"], "Key": f"models/{version}/model.safetensors"}
    body = s3.get_object(**model)["Body"].read()
    key = "scoring/lost.csv"
    s3.upload_file(str(write(tmp_path / "lost.csv", 500, seed=11, bad=0)), outputs["data_bucket"], key)
    s3.delete_object(**model)
    failed = run_to_its_end(outputs, {"keys": [key], "model_version": version})
    assert failed["status"] == "incomplete"
    assert failed["rows"] == {"in": 500, "out": 0, "refused": 0, "failed": 500}
    where = {"Bucket": outputs["data_bucket"], "Key": f"batches/{failed['batch_id']}/manifest.json"}
    assert json.load(s3.get_object(**where)["Body"])["failed"] == [
        {
            "source": key,
            "first_row": 1,
            "last_row": 500,
            "reason": f"ModelNotFoundError: There is no model.safetensors of model version {version}",
        }
    ]
    s3.put_object(**model, Body=body)
    done = run_to_its_end(outputs, {"keys": [key], "model_version": version})
    assert (done["batch_id"], done["status"]) == (failed["batch_id"], "succeeded")
    assert done["rows"] == {"in": 500, "out": 500, "refused": 0, "failed": 0}


def run_to_its_end(outputs: dict[str, Any], body: Any) -> Any:
    """Start a batch by the API, and where it stands when it runs no more."""
    started = admin(outputs, "/batches", body)
    ended = lambda: admin(outputs, f"/batches/{started['batch_id']}")  # noqa: E731
    return until(lambda: found if (found := ended())["status"] != "running" else None)


def admin(outputs: dict[str, Any], path: str, body: Any = None) -> Any:
    headers = {"Content-Type": "application/json", "X-Api-Key": outputs["admin_api_key"]}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(outputs["api_url"] + path, data, headers), timeout=99) as answer:
        return json.load(answer)


def test_what_is_no_table_is_refused_by_name_and_nothing_is_written(batch: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("PassengerId;Pclass;Name\n1;3;x\n")
    refused = batch(tmp_path / "list.csv", tmp_path / "out")
    assert refused.returncode == 1
    assert "list.csv: Columns are separated by ';'" in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "words"), [("nothing.csv", "There is no file"), ("folder", "which is no result of a batch")]
)
def test_what_cannot_be_begun_is_told_before_anything_is_sent(
    batch: Callable[..., Any], tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("keep me")
    file = write(tmp_path / "list.csv", 3) if name == "folder" else tmp_path / name
    refused = batch(file, tmp_path / "folder")
    assert refused.returncode == 1
    assert words in " ".join(refused.stderr.split())
    assert (tmp_path / "folder" / "mine.txt").read_text() == "keep me"


def test_the_state_machine_answers_those_who_start_it_themselves(cloud: Cloud) -> None:
    states, outputs = cloud.client("stepfunctions"), cloud.outputs()
    key = "raw/titanic.csv"
    resource = {"StackName": outputs["stack_name"], "LogicalResourceId": "BatchScoring"}
    described = cloud.client("cloudformation").describe_stack_resource(**resource)
    started = states.start_execution(
        stateMachineArn=described["StackResourceDetail"]["PhysicalResourceId"],
        input=json.dumps({"keys": [key], "format": "parquet"}),
    )
    ended = until(lambda: _ended(states, started["executionArn"]))
    assert ended["status"] == "SUCCEEDED", ended
    answer = json.loads(ended["output"])
    assert answer["complete"]
    assert answer["rows"]["in"] == 891
    found = admin(outputs, f"/batches/{answer['batch_id']}")
    assert (found["status"], found["rows"]) == ("succeeded", answer["rows"])


def _ended(states: Any, arn: str) -> Any:
    found = states.describe_execution(executionArn=arn)
    return found if found["status"] != "RUNNING" else None
