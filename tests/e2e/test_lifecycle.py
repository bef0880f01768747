"""The cloud through restarts, crashes and releases."""

import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import psutil
import pytest

from clouds import CHECKOUT, Cloud, call, family, listening_on, until
from embedded_cloud import processes

SERVICES = ("postgres", "valkey", "localstack")


def pids(cloud: Cloud) -> dict[str, int]:
    found = {name: list(processes.find(cloud.state, name)) for name in SERVICES}
    return {name: running[0].pid for name, running in found.items() if running}


def test_up_again_changes_nothing(cloud: Cloud) -> None:
    before = cloud.outputs(), pids(cloud), cloud.champion()
    cloud.up()
    assert (cloud.outputs(), pids(cloud), cloud.champion()) == before


@pytest.mark.parametrize("victim", ["postgres", "valkey"])
def test_up_recovers_from_a_kill(cloud: Cloud, victim: str, passenger: dict[str, Any]) -> None:
    champion, before = cloud.champion(), cloud.call("/predict", passenger)
    os.kill(pids(cloud)[victim], signal.SIGKILL)
    until(lambda: victim not in pids(cloud))
    said = cloud.up()
    assert cloud.champion() == champion
    assert cloud.call("/predict", passenger)["probability"] == before["probability"]
    assert "Pipeline" not in said, "it trained again"


def test_up_recovers_from_a_reboot_whatever_the_sources_are_meanwhile(cloud: Cloud) -> None:
    """And from a kill of LocalStack, which is the part of it that takes long."""
    champion = cloud.champion()
    for process in family(processes.find(cloud.state)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: not pids(cloud))
    with edited(cloud.checkout / "functions/ingestion/handler.py", "\nimport nowhere_to_be_found\n"):
        up = cloud.run("up")
    assert up.returncode == 1
    assert "nowhere_to_be_found" in up.stderr
    assert "the build that served last serves" in up.stderr
    assert "lost" in up.stderr
    assert "Pipeline" not in up.stderr, "it trained again"
    assert cloud.champion() == champion


def test_up_turns_the_trigger_on_that_an_interrupted_release_left_off(cloud: Cloud) -> None:
    events, stack = cloud.client("events"), cloud.outputs()["stack_name"]
    resource = {"StackName": stack, "LogicalResourceId": "PipelineUpload"}
    described = cloud.client("cloudformation").describe_stack_resource(**resource)
    rule = described["StackResourceDetail"]["PhysicalResourceId"]
    events.disable_rule(Name=rule)
    cloud.up()
    assert cloud.outputs()["stack_name"] == stack
    assert events.describe_rule(Name=rule)["State"] == "ENABLED"


def test_every_listening_socket_is_on_loopback(cloud: Cloud) -> None:
    cloud.call("/health")
    started = family(processes.find(cloud.state))
    assert len(started) >= len(SERVICES)
    assert listening_on(started) == {"127.0.0.1"}


def test_functions_run_as_processes(cloud: Cloud) -> None:
    assert call(cloud.outputs()["endpoint_url"] + "/_embedded_cloud/executor")["executor"] == "process"


def test_down_leaves_nothing(empty_cloud: Cloud) -> None:
    with starting(empty_cloud) as up:
        until(lambda: len(pids(empty_cloud)) == len(SERVICES))
        up.kill()
    assert empty_cloud.run("down").returncode == 0
    assert not list(processes.find(empty_cloud.state))
    filelock.FileLock(empty_cloud.state / "lock", timeout=0).acquire().lock.release()
    assert empty_cloud.run("outputs").returncode == 1


def test_an_interrupted_up_leaves_nothing_half_started(empty_cloud: Cloud) -> None:
    with starting(empty_cloud) as up:
        until(lambda: "localstack" in pids(empty_cloud))
        up.send_signal(signal.SIGINT)
        _, said = up.communicate(timeout=60)
    assert up.returncode == 130
    assert "make up" in said
    assert not list(processes.find(empty_cloud.state))


def test_a_second_up_at_once_is_told_so(empty_cloud: Cloud) -> None:
    empty_cloud.state.mkdir()
    with filelock.FileLock(empty_cloud.state / "lock"):
        refused = empty_cloud.run("up")
    assert refused.returncode == 1
    assert "Another `up`" in refused.stderr
    assert not pids(empty_cloud)


def test_a_demanded_port_that_is_taken_is_named(cloud: Cloud, empty_cloud: Cloud) -> None:
    taken = cloud.outputs()["endpoint_url"].rpartition(":")[2]
    empty_cloud.environment["LOCALSTACK_PORT"] = taken
    refused = empty_cloud.run("up")
    assert refused.returncode == 1
    assert taken in refused.stderr
    assert "LOCALSTACK_PORT" in refused.stderr
    assert not pids(empty_cloud)


@pytest.mark.long
def test_two_clouds_side_by_side_choose_other_ports(cloud: Cloud, empty_cloud: Cloud) -> None:
    with starting(empty_cloud) as up:
        until(lambda: len(pids(empty_cloud)) == len(SERVICES))
        up.send_signal(signal.SIGTERM)
        up.communicate(timeout=60)
    assert len(pids(cloud)) == len(SERVICES)


def test_a_full_disk_is_named_before_anything_starts(checkout: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    cloud = Cloud(checkout, small / "state")
    command = " ".join(cloud.command("up")).replace(f"--home {CHECKOUT}/.local", f"--home {small}")
    refused = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", f"mount -t tmpfs -o size=1m none {small} && {command}"],
        cwd=checkout,
        env=cloud.variables(),
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert "GB" in refused.stderr


def test_the_wrong_python_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\nexec python3 -c "import sys; sys.version_info = (3, 9, 1)\n$2"\n')
    old.chmod(0o755)
    refused = subprocess.run(
        ["make", "up", f"PYTHON={old}", f"HOME_DIR={tmp_path}/home"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert refused.returncode
    assert "3.11, 3.12 or 3.13 is needed" in refused.stderr
    assert "3.9" in refused.stderr
    assert "PYTHON=" in refused.stderr


RAISING = "\n\ndef handler(event, context):\n    raise RuntimeError('no')\n"
RELEASE = """

_answer = handler


def handler(event, context):
    answer = _answer(event, context)
    answer["headers"]["X-Release"] = "second"
    return answer
"""


def test_a_changed_handler_is_released_without_a_wrong_answer(cloud: Cloud, passenger: dict[str, Any]) -> None:
    champion, old, sqs = cloud.champion(), cloud.outputs(), cloud.client("sqs")
    sqs.send_message(QueueUrl=cloud.dead_letters(), MessageBody="waits for somebody")
    with edited(cloud.checkout / "functions/inference/handler.py", RELEASE), probing(cloud, passenger) as answers:
        cloud.up()
        new = cloud.outputs()
        released = len(answers)
        until(lambda: len(answers) > released)
    assert new["api_url"] != old["api_url"]
    assert {version for version, _ in answers} == {champion}, "a wrong answer on the way"
    assert answers[0][1] is None
    assert answers[-1][1] == "second"
    with pytest.raises(urllib.error.HTTPError):
        call(old["api_url"] + "/health")
    (letter,) = sqs.receive_message(QueueUrl=cloud.dead_letters())["Messages"]
    assert letter["Body"] == "waits for somebody"
    sqs.purge_queue(QueueUrl=cloud.dead_letters())


@pytest.mark.long
def test_a_release_that_cannot_serve_the_champion_trains_its_own_before_it_takes_over(
    cloud: Cloud, passenger: dict[str, Any]
) -> None:
    """From the newest file that makes one: the newest of all has other columns."""
    champion = cloud.champion()
    bucket = cloud.outputs()["data_bucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key="raw/recipes.csv", Body=b"dish,minutes\nsoup,20\n")
    other_schema = "\n\nimport dataclasses\n\nUSE_CASE = dataclasses.replace(USE_CASE, definition=99)\n"
    with edited(cloud.checkout / "functions/titanic/__init__.py", other_schema), probing(cloud, passenger) as answers:
        cloud.up()
        successor = cloud.champion()
        until(lambda: answers[-1][0] == successor)
    assert successor != champion
    assert {version for version, _ in answers} == {champion, successor}, "a wrong answer on the way"


def test_dev_runs_the_sources_as_they_are_edited(cloud: Cloud) -> None:
    api = cloud.outputs()["api_url"]

    def release() -> str | None:
        with urllib.request.urlopen(f"{api}/health", timeout=120) as response:
            return str(response.headers["X-Release"])

    assert release() == "None"
    with starting(cloud, "dev") as dev:
        assert dev.stdout is not None
        assert dev.stderr is not None
        assert "Ctrl-C" in dev.stderr.readline()
        with edited(cloud.checkout / "functions/inference/handler.py", RELEASE):
            until(lambda: release() == "second")
        until(lambda: release() == "None")
        until(lambda: "REPORT" in dev.stdout.readline())
        dev.send_signal(signal.SIGINT)
        dev.communicate(timeout=30)
    assert call(cloud.outputs()["endpoint_url"] + "/_embedded_cloud/executor")["sources"] == {}


@pytest.mark.parametrize(
    ("file", "addition", "named"),
    [
        ("functions/ingestion/handler.py", "\nimport nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("functions/inference/handler.py", RAISING, "answer"),
        pytest.param(
            "template.yaml", "\n  Broken:\n    Value: !GetAtt Nothing.Arn\n", "Nothing", marks=pytest.mark.long
        ),
    ],
)
def test_a_broken_release_is_refused_and_the_old_one_serves(
    cloud: Cloud, passenger: dict[str, Any], file: str, addition: str, named: str
) -> None:
    before = cloud.outputs()
    with edited(cloud.checkout / file, addition), probing(cloud, passenger) as answers:
        refused = cloud.run("up")
        until(lambda: answers)
    assert refused.returncode == 1, refused.stdout
    assert named in refused.stderr
    assert None not in {version for version, _ in answers}
    assert cloud.outputs() == before


@contextmanager
def edited(file: Path, addition: str) -> Iterator[None]:
    original = file.read_text()
    file.write_text(original + addition)
    try:
        yield
    finally:
        file.write_text(original)


@contextmanager
def probing(cloud: Cloud, passenger: dict[str, Any]) -> Iterator[list[tuple[str | None, str | None]]]:
    """Predict over and over at the address that `outputs` gives at that moment: version (None: wrong) and release."""
    answers: list[tuple[str | None, str | None]] = []
    done = threading.Event()

    def probe() -> None:
        while not done.wait(0.1):
            # What `outputs` prints, without a process for each: those would take the cores from what is probed.
            url = json.loads((cloud.state / "outputs.json").read_text())["api_url"] + "/predict"
            request = urllib.request.Request(url, json.dumps(passenger).encode(), {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=120) as response:
                    answers.append((json.load(response)["model_version"], response.headers["X-Release"]))
            except (OSError, ValueError, KeyError):
                answers.append((None, None))

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        until(lambda: answers)
        yield answers
    finally:
        done.set()
        thread.join()


@contextmanager
def starting(cloud: Cloud, command: str = "up") -> Iterator[subprocess.Popen[str]]:
    up = subprocess.Popen(
        cloud.command(command),
        cwd=cloud.checkout,
        env=cloud.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has a shell that ignores Ctrl-C, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield up
    finally:
        if up.poll() is None:
            up.kill()
        up.communicate()
