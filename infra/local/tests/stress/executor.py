"""200 functions, 16 threads, one minute, 5 % of the processes killed. Not part of the ordinary run:

pytest -s infra/local/tests/stress/executor.py        (STRESS_SECONDS=60 STRESS_FUNCTIONS=200 STRESS_THREADS=16)
"""

import contextlib
import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import boto3
import psutil
import pytest
from botocore.config import Config
from running import Localstack, eventually

from functions import Function, deploy

SECONDS = float(os.environ.get("STRESS_SECONDS", "60"))
FUNCTIONS = int(os.environ.get("STRESS_FUNCTIONS", "200"))
THREADS = int(os.environ.get("STRESS_THREADS", "16"))
KILLED = 0.05

SOURCE = """
import os, time
NAME = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
def handler(event, context):
    print(event)
    time.sleep(event["sleep"])
    if event["fail"]:
        raise ValueError(event["token"])
    return [NAME, event["token"], os.getpid()]
"""


class Load:
    """Invokes at random until its time is over, and judges each answer."""

    def __init__(self, functions: list[Function]) -> None:
        self.functions = functions
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[object] = []
        self.slowest = 0.0

    def run(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(self._work, deadline) for _ in range(THREADS)]:
                done.result()

    def _work(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            function = random.choice(self.functions)
            token = random.randbytes(8).hex()
            fail, kill = random.random() < 0.05, random.random() < KILLED
            event = {"token": token, "fail": fail, "sleep": random.choice([0, 0, 0.01, 0.05])}
            started = time.monotonic()
            reply = function.invoke(event)
            self.slowest = max(self.slowest, time.monotonic() - started)
            if reply.error is None and not fail and reply.payload[:2] == [function.name, token]:
                self.outcomes["answered"] += 1
                if kill:  # an idle process, or one that by now serves someone else
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(reply.payload[2], 9)
                        self.outcomes["killed"] += 1
            elif fail and reply.error and reply.payload["errorMessage"] == token:
                self.outcomes["failed as told"] += 1
            elif reply.error and reply.payload["errorType"] == "Runtime.ExitError":
                self.outcomes["lost its process"] += 1
            else:
                self.wrong.append((event, reply))


@pytest.mark.timeout(SECONDS * 3 + 300)
def test_many_functions_under_load_with_processes_killed(tmp_path):
    # Without logs and metrics, which LocalStack keeps in memory: what grows then is a leak.
    cloud = Localstack(tmp_path, overrides={"SERVICES": "lambda,sts,iam,s3,sqs", "STRICT_SERVICE_LOADING": "1"})
    try:
        cloud.start()
        client = boto3.client(
            "lambda",
            config=Config(max_pool_connections=THREADS, read_timeout=60, retries={"total_max_attempts": 1}),
            **cloud.client_settings,
        )
        role = "arn:aws:iam::000000000000:role/stress"
        with ThreadPoolExecutor(4) as pool:
            functions = list(pool.map(lambda _: deploy(client, role, SOURCE, Timeout=20).settled(), range(FUNCTIONS)))
            list(pool.map(lambda one: one.invoke({"token": "", "fail": False, "sleep": 0}), functions))
        process = psutil.Process(cloud.process.pid)
        load = Load(functions)
        load.run(SECONDS / 4)  # caches and pools fill
        before, threads_before = process.memory_info().rss, process.num_threads()
        descriptors_before = process.num_fds()
        warm = sum(load.outcomes.values())
        load.run(SECONDS)
        after = process.memory_info().rss
        number = sum(load.outcomes.values()) - warm
        children = process.children(recursive=True)
        print(
            f"\n{number} invocations, {number / SECONDS:.0f} a second, slowest {load.slowest:.2f} s; "
            f"{dict(load.outcomes)}\n"
            f"LocalStack: {before >> 20} MB before, {after >> 20} MB after; threads {threads_before} → "
            f"{process.num_threads()}; descriptors {descriptors_before} → {process.num_fds()}; "
            f"environments {len(children)}"
        )
        assert not load.wrong, load.wrong[:3]
        assert load.outcomes["killed"] > 0
        assert load.slowest < 20
        assert after < before * 1.1
        pids = [child.pid for child in children]
        cloud.kill()
        eventually(lambda: not [pid for pid in pids if alive(pid)])
    finally:
        cloud.kill()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
