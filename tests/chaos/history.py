"""Histories: rounds of one fault each, each judged, and shortened where one breaks a promise."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clouds import Cloud, until
from mlops.model.portable import Model, load
from titanic import USE_CASE
from traffic import Traffic

from . import evidence, promises
from .client import Client
from .faults import Fault, catalogue
from .scene import ImpossibleError, Scene

FAULTS = {fault.name: fault for fault in catalogue()}
# Seconds of serving around a fault; windows that retraining gets to be decided in.
SERVED, WINDOWS = 1.5, 5


@dataclass(frozen=True)
class Round:
    """One fault and the seed of all that is left to chance in it."""

    fault: str
    seed: int

    def __str__(self) -> str:
        return f"{self.fault}#{self.seed}"

    @classmethod
    def parse(cls, text: str) -> "Round":
        name, _, seed = text.rpartition("#")
        if name not in FAULTS or not seed.isdecimal():
            raise ValueError(f"{text!r} is no round: write FAULT#SEED, with one of {', '.join(FAULTS)}")
        return cls(name, int(seed))


@dataclass
class Outcome:
    """What a round came to; `skipped` says what this machine lacks for it."""

    round: Round
    recovery: float | None = None  # seconds from the fault to the first whole prediction
    seconds: float = 0.0
    asked: int = 0
    unanswered: int = 0
    degraded: int = 0
    runs: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)
    skipped: str = ""


@dataclass
class Stage:
    """A cloud on which rounds are played; knows the scorers of the versions that served."""

    cloud: Cloud
    disk: Path | None = None
    models: dict[str, Model] = field(default_factory=dict)

    def play(self, round_: Round) -> Outcome:
        """Play one round and judge it."""
        fault, chance = FAULTS[round_.fault], random.Random(str(round_))
        client = Client(self.cloud, chance)
        scene = Scene(self.cloud, client, chance, self.disk)
        scene.keep()
        before = promises.Before.of(evidence.read(self.cloud))
        begun, outcome = time.monotonic(), Outcome(round_)
        try:
            with ExitStack() as given:
                given.enter_context(fault.given(scene))
                with client.asking():
                    ACTIVITIES[fault.activity](scene, fault)
                    outcome.recovery = scene.heal()
                    for upload in client.uploads:
                        client.await_end(upload)
        except ImpossibleError as impossible:
            outcome.skipped = str(impossible)
        except (TimeoutError, AssertionError) as error:
            outcome.broken["it comes back by itself or by `make up`"] = [f"{type(error).__name__}: {error}"]
            self.cloud.up()
        scene.keep()
        outcome.broken |= promises.broken(self.judged(client, before))
        outcome.seconds = time.monotonic() - begun
        answers = [asked.answer for asked in client.asked]
        outcome.asked, outcome.unanswered = len(answers), sum(answer is None for answer in answers)
        outcome.degraded = sum(answer is not None and "degraded" in answer for answer in answers)
        outcome.runs = len(client.uploads)
        return outcome

    def judged(self, client: Client, before: promises.Before) -> promises.Judged:
        """What promises are judged by, read now."""
        found = evidence.read(self.cloud)
        for version in {asked.answer["model_version"] for asked in client.asked if asked.answer} - self.models.keys():
            key = f"models/{version}/model.safetensors"
            body = self.cloud.client("s3").get_object(Bucket=self.cloud.outputs()["models_bucket"], Key=key)["Body"]
            self.models[version] = load(body.read(), USE_CASE)
        return promises.Judged(client, found, before, self.models)


def _pipeline(scene: Scene, fault: Fault) -> None:
    """A file is uploaded, and its run meets the fault at a step."""
    upload = scene.client.file()
    scene.client.upload(upload)
    scene.until_step(upload, fault.at)
    scene.pause(scene.chance.uniform(0, 0.3))
    fault.strike(scene)


def _serving(scene: Scene, fault: Fault) -> None:
    """Predictions before, with and after the fault; of some it becomes known what became of them."""
    with scene.client.asking(pause=0.02):
        scene.pause(SERVED)
        fault.strike(scene)
        scene.pause(SERVED)
    scene.heal()
    for asked in list(scene.client.answered())[::5]:
        scene.client.tell(asked, scene.chance.randrange(2))


def _monitoring(scene: Scene, fault: Fault) -> None:
    """A hundred predictions are drained while the fault strikes."""
    for _ in range(100):
        scene.client.predict()

    def drain() -> None:
        with suppress(Exception):  # the next minute drains again
            scene.client.invoke("Monitoring", {"task": "drain"})

    thread = threading.Thread(target=drain)
    thread.start()
    fault.strike(scene)
    thread.join()


def _retraining(scene: Scene, fault: Fault) -> None:
    """Shifted rows and their labels come, window by window; the fault strikes as the second one is judged."""
    traffic = Traffic(scene.cloud.outputs())
    rows = traffic.rows(seed=scene.chance.randrange(10**6), shift="age")
    decided: list[Any] = []

    def judge() -> None:
        with suppress(RuntimeError, OSError):  # the next hour judges again
            decided.append(traffic.monitor("drift")["retraining"])

    for window in range(WINDOWS):
        with suppress(RuntimeError):
            traffic.window(rows, 500, labels=1)
        thread = threading.Thread(target=judge)
        thread.start()
        if window == 1:
            scene.pause(scene.chance.uniform(0, 0.5))
            with suppress(AssertionError):  # it was quicker
                fault.strike(scene)
            thread.join()
            scene.heal()
        thread.join()
    states, machine = scene.cloud.client("stepfunctions"), scene.cloud.outputs()["pipeline_arn"]
    filtered = {"stateMachineArn": machine, "statusFilter": "RUNNING"}
    until(lambda: not states.list_executions(**filtered)["executions"], 180, 0.5)


ACTIVITIES: dict[str, Callable[[Scene, Fault], None]] = {
    "pipeline": _pipeline,
    "serving": _serving,
    "monitoring": _monitoring,
    "retraining": _retraining,
}


def shortest(rounds: Sequence[Round], breaks: Callable[[Sequence[Round]], bool]) -> list[Round]:
    """The shortest history found that still breaks a promise, whose last round is the one that did.

    Delta debugging (A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002) on the
    rounds before the last one.
    """
    before, last = list(rounds[:-1]), rounds[-1]
    if not before or breaks([last]):
        return [last]
    parts = 2
    while before:
        size = max(1, len(before) // parts)
        for start in range(0, len(before), size):
            rest = before[:start] + before[start + size :]
            if breaks([*rest, last]):
                before, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(before), 2 * parts)
    return [*before, last]


def seeded(seed: int, faults: Sequence[str] | None = None) -> Iterator[Round]:
    """Every fault once, in the order of the seed; those that change the champion's data come last."""
    chance = random.Random(seed)
    names = list(faults or FAULTS)
    chance.shuffle(names)
    names.sort(key=lambda name: FAULTS[name].activity == "retraining")
    for name in names:
        yield Round(name, chance.randrange(10**6))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """A round's outcome for `.local/chaos.json`."""
    found: dict[str, Any] = json.loads(json.dumps(outcome.__dict__, default=str))
    return found
