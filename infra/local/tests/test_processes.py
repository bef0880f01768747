"""The functions' processes end when they should, whatever ends LocalStack."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.exceptions import BotoCoreError
from running import RUNTIME, Localstack, eventually

from conftest import CLIENT_CONFIG, ROLE
from functions import Function, deploy

FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def handler(event, context):
    time.sleep(event)
    return [os.getpid(), child.pid]
"""


def running(pids: list[int]) -> list[int]:
    """Those that have not ended; a zombie has, it only waits for whoever adopted it."""
    found = []
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except psutil.NoSuchProcess:
            pass
    return found


@pytest.fixture
def family(localstack):
    """A LocalStack of its own and a function whose process has a child."""

    def start(**overrides: str) -> tuple[Localstack, Function]:
        cloud = localstack(overrides=overrides)
        client = boto3.client("lambda", config=CLIENT_CONFIG, **cloud.client_settings)
        return cloud, deploy(client, "arn:aws:iam::000000000000:role/x", FAMILY, Timeout=600).settled()

    return start


def test_kill_of_localstack_leaves_no_orphan(family):
    cloud, deployed = family()
    with ThreadPoolExecutor(1) as pool:
        frozen = deployed.invoke(0).payload
        eventually(lambda: psutil.Process(frozen[0]).status() == psutil.STATUS_STOPPED)
        before = set(psutil.Process(cloud.process.pid).children(recursive=True))
        busy = pool.submit(deployed.invoke, 500)
        awake = lambda: psutil.Process(frozen[0]).status() == psutil.STATUS_SLEEPING  # noqa: E731
        eventually(awake)
        second = pool_invoke(deployed)
        pids = [*frozen, *second]
        assert running(pids) == pids
        assert before
        cloud.process.send_signal(signal.SIGKILL)
        eventually(lambda: not running(pids))
        with pytest.raises(BotoCoreError):
            busy.result()


def pool_invoke(deployed: Function) -> list[int]:
    """An invocation beside the running one, hence in another environment."""
    return deployed.invoke(0).payload


def test_termination_of_localstack_ends_the_processes(family):
    cloud, deployed = family()
    pids = deployed.invoke(0).payload
    cloud.process.terminate()
    assert cloud.process.wait(30) == 0
    eventually(lambda: not running(pids))


@pytest.mark.long
def test_environments_end_after_the_keep_alive(family):
    _, deployed = family(LAMBDA_KEEPALIVE_MS="300")
    pids = deployed.invoke(0).payload
    eventually(lambda: not running(pids))
    assert deployed.invoke(0).payload != pids


def test_deleting_a_function_ends_its_processes(function):
    deployed = function(FAMILY)
    pids = deployed.invoke(0).payload
    assert running(pids) == pids
    deployed.client.delete_function(FunctionName=deployed.name)
    eventually(lambda: not running(pids))
    deployed.client.create_function(
        FunctionName=deployed.name,
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=ROLE or "arn:aws:iam::000000000000:role/x",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )


def test_a_timeout_ends_the_children_too(function):
    deployed = function(FAMILY, Timeout=3)
    pids = deployed.invoke(0).payload
    assert deployed.invoke(30).error == "Unhandled"
    eventually(lambda: not running(pids))


def test_a_killed_warm_environment_is_replaced_unnoticed(function):
    deployed = function(FAMILY)
    first = deployed.invoke(0).payload
    os.kill(first[0], signal.SIGKILL)
    eventually(lambda: not running(first[:1]))
    second = deployed.invoke(0)
    assert second.error is None
    assert second.payload[0] != first[0]
    eventually(lambda: not running(first))


def test_no_descriptor_of_localstack_is_inherited(function):
    deployed = function(
        """
        import os
        def handler(event, context):
            return {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                    if os.path.lexists(f"/proc/self/fd/{fd}")}
        """
    )
    open_files = deployed.invoke().payload
    foreign = [
        target for target in open_files.values() if not target.startswith(("pipe:", "socket:", "/dev/null", "/proc/"))
    ]
    assert not foreign
    assert len(open_files) <= 8


@pytest.mark.long
def test_start_removes_what_a_killed_one_left(family, tmp_path):
    cloud, deployed = family()
    deployed.invoke(0)
    scratch = Path(cloud.state, "localstack/tmp/environments")
    assert list(scratch.iterdir())
    cloud.kill()
    cloud.start()
    assert not scratch.exists() or not list(scratch.iterdir())
