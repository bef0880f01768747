"""Where a history plays: a cloud, its client, and proxies between the functions and their stores."""

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import psutil
from botocore.exceptions import BotoCoreError, ClientError

from clouds import Cloud, call, copied, environments, family, is_whole, kill, until
from embedded_cloud import processes
from faulty import Proxy, proxied

from .client import Client, Upload
from .evidence import postgres

Store = Literal["redis", "postgres", "s3"]
# The variable of a function that says where a store is.
VARIABLES: dict[Store, str] = {"redis": "REDIS_URL", "postgres": "DATABASE_URL", "s3": "AWS_ENDPOINT_URL_S3"}
FUNCTIONS = ("Ingestion", "Features", "Training", "Inference", "Monitoring")
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
# Seconds that a late answer of a proxy is late by, and that a prediction is waited for after a fault.
PATIENCE, RECOVERY = 1.0, 120.0


class ImpossibleError(Exception):
    """A fault that this machine cannot have; says what is missing."""


@dataclass
class Scene:
    """What faults strike. `disk` is the folder of the state if it is a file system of its own."""

    cloud: Cloud
    client: Client
    chance: random.Random
    disk: Path | None = None
    proxies: dict[Store, Proxy] = field(default_factory=dict)
    struck: float = 0.0  # when, by the monotonic clock

    def strike(self) -> None:
        """Note that the fault is there from now on."""
        self.struck = self.struck or time.monotonic()

    def pause(self, seconds: float) -> None:
        """Let a fault last."""
        threading.Event().wait(seconds)

    # What is struck.

    def kill(self, service: str) -> None:
        self.strike()
        kill(self.cloud, service)

    def freeze(self, service: str, seconds: float) -> None:
        """Stop a server and all that it started for a while."""
        self._freeze(family(processes.find(self.cloud.state, service)), seconds)

    def kill_function(self, function: str) -> None:
        """End every process of a function that there is, or the first that comes."""
        for each in until(lambda: self._environments(function), 20, 0.02):
            self.strike()
            with suppress(psutil.Error):
                each.kill()

    def freeze_function(self, function: str, seconds: float) -> None:
        self._freeze(until(lambda: self._environments(function), 20, 0.02), seconds)

    def fill_disk(self, seconds: float) -> None:
        """Take all that is left of the state's file system, for a while."""
        if self.disk is None:
            raise ImpossibleError("the state folder is no file system of its own: mounting one takes root")
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as file:
            self.strike()
            with suppress(OSError):
                while True:
                    file.write(bytes(1 << 20))
        self.pause(seconds)
        filler.unlink()

    def break_exchange(self, store: Store, fault: Any, after: int) -> None:
        self.strike()
        self.proxies[store].break_once(fault, after)

    def _freeze(self, struck: list[psutil.Process], seconds: float) -> None:
        self.strike()
        for each in struck:
            with suppress(psutil.Error):
                each.send_signal(signal.SIGSTOP)
        self.pause(seconds)
        for each in struck:
            with suppress(psutil.Error):
                each.send_signal(signal.SIGCONT)

    def _environments(self, function: str) -> list[psutil.Process]:
        with suppress(StopIteration):
            return environments(self.cloud, self.cloud.outputs()["functions"][f"{function}Function"])
        return []

    # How functions are set.

    @contextmanager
    def between(self) -> Iterator[None]:
        """Put the proxies before the stores for as long as this lasts."""
        outputs = self.cloud.outputs()
        urls: dict[Store, str] = {
            "redis": outputs["redis_url"],
            "postgres": outputs["database_url"],
            "s3": outputs["endpoint_url"],
        }
        with ExitStack() as stack:
            self.proxies = {store: stack.enter_context(proxied(url, PATIENCE)) for store, url in urls.items()}
            ports = {VARIABLES[store]: urlsplit(proxy.url).port for store, proxy in self.proxies.items()}

            def moved(variables: dict[str, str]) -> dict[str, str]:
                variables.setdefault("AWS_ENDPOINT_URL_S3", outputs["endpoint_url"])
                return {
                    name: _at_port(value, ports[name]) if name in ports and value else value
                    for name, value in variables.items()
                }

            with self.set(moved):
                yield
        self.proxies = {}

    @contextmanager
    def clock(self, offset: str) -> Iterator[None]:
        """Step the clocks of all functions, such as `-26h`, and back."""
        if not FAKETIME.exists():
            raise ImpossibleError("libfaketime is not installed: apt-get install libfaketime")
        faked = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
        with self.set(lambda variables: {**variables, **faked}):
            self.strike()
            yield

    @contextmanager
    def set(self, change: Callable[[dict[str, str]], dict[str, str]]) -> Iterator[None]:
        """Change the environment variables of all functions; a release in between sets them anew anyhow."""
        stack = self.cloud.outputs()["stack_name"]
        before = {name: self._configure(name, change) for name in FUNCTIONS}
        try:
            yield
        finally:
            if self.cloud.outputs()["stack_name"] == stack and is_whole(self.cloud):
                for name, variables in before.items():
                    with suppress(ClientError):  # LocalStack was started anew, and with it this function
                        self._configure(name, lambda _, variables=variables: variables)  # type: ignore[misc]

    def _configure(self, name: str, change: Callable[[dict[str, str]], dict[str, str]]) -> dict[str, str]:
        client, function = self.cloud.client("lambda"), self.cloud.outputs()["functions"][f"{name}Function"]
        found = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        variables: dict[str, str] = dict(found)
        client.update_function_configuration(FunctionName=function, Environment={"Variables": change(dict(found))})
        client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        return variables

    # What goes on.

    def until_step(self, upload: Upload, step: str, timeout: float = 90) -> None:
        """Return when the newest run of a file has entered a step."""
        states = self.cloud.client("stepfunctions")

        def entered() -> bool:
            with suppress(BotoCoreError, ClientError, IndexError):
                arn = self.client.runs(upload)[0]["executionArn"]
                events = states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
                names = {each.get("stateEnteredEventDetails", {}).get("name") for each in events}
                return step in names or (events[-1]["type"].startswith("Execution") and len(events) > 1)
            return False

        until(entered, timeout, 0.05)

    def deliver_again(self, upload: Upload) -> None:
        """Start a run by the very event that started the file's newest one, and wait for its end."""
        states = self.cloud.client("stepfunctions")
        run = self.client.runs(upload)[0]
        started = states.start_execution(stateMachineArn=run["stateMachineArn"], input=run["input"])["executionArn"]
        until(lambda: states.describe_execution(executionArn=started)["status"] != "RUNNING", 120, 0.3)

    def promote_two_at_once(self) -> None:
        """By hand, from two threads: two versions that are not champion, made from the champion's model if need be."""
        outputs = self.cloud.outputs()
        s3, models = self.cloud.client("s3"), outputs["models_bucket"]
        versions = [copied(s3, models, self.cloud.champion(), padding) for padding in (b"\n", b"\n\n")]

        def promote(version: str) -> None:
            with suppress(OSError):  # a conflict is an answer
                call(f"{outputs['api_url']}/models/{version}/promote", {}, outputs["admin_api_key"])

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(promote, versions))

    def heal(self) -> float:
        """Bring back what is gone, as the guide says: `make up`. Seconds from the fault to the first whole answer."""
        services = ("postgres", "valkey", "localstack")
        if not all(any(processes.find(self.cloud.state, name)) for name in services):
            self.cloud.up()

        def answered() -> bool:
            asked = self.client.predict()
            return asked.status == 200 and "degraded" not in (asked.answer or {})

        begun = time.monotonic()
        while not answered():
            if time.monotonic() > begun + RECOVERY:
                raise TimeoutError(f"No whole answer within {RECOVERY:.0f} s after the fault")
            if time.monotonic() > begun + RECOVERY / 4 and not is_whole(self.cloud):
                self.cloud.up()
            self.pause(0.2)
        return time.monotonic() - self.struck if self.struck else 0.0

    def keep(self) -> None:
        """Move what waits to where it stays: the log into the history, and by replay what Redis could not take."""

        def done(task: str) -> bool:
            with suppress(RuntimeError, BotoCoreError, ClientError):
                return "postponed" not in self.client.invoke("Monitoring", {"task": task, "hours": 100.0})
            return False

        for task in ("drain", "watch"):
            until(lambda task=task: done(task), 90, 0.5)  # type: ignore[misc]
        degraded = {
            each.answer["prediction_id"] for each in self.client.answered() if "degraded" in (each.answer or {})
        }

        def replayed() -> bool:
            if not done("replay"):
                return False
            with postgres(self.cloud) as at:
                at.execute("SELECT replace(prediction_id::text, '-', '') FROM prediction_history")
                return degraded <= {name for (name,) in at}

        with suppress(AssertionError):  # what a function logs is there to be read a little later, on AWS too
            until(replayed, 60, 1.0)


def _at_port(url: str, port: int | None) -> str:
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{user}{'@' if user else ''}127.0.0.1:{port}").geturl()
