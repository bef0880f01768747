"""The faults, each with where it strikes. A fault is a function of the scene, called while the activity goes on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from faulty import FAULTS

from .scene import Scene

Activity = Literal["pipeline", "serving", "monitoring", "retraining"]
# The steps of a run, and whose function works there.
STEPS = {
    "Ingest": "Ingestion",
    "Features": "Features",
    "Plan": "Training",
    "Evaluate": "Training",
    "FitShare": "Training",
    "Fit": "Training",
    "Promote": "Training",
}


def _no_change(_: Scene) -> AbstractContextManager[Any]:
    return nullcontext()


@dataclass(frozen=True)
class Fault:
    """`at` is the step of a run at whose begin it strikes; `given` is what the functions run under all the time."""

    name: str
    activity: Activity
    strike: Callable[[Scene], None]
    at: str = ""
    given: Callable[[Scene], AbstractContextManager[Any]] = _no_change


def _again(scene: Scene) -> None:
    """The upload's event is delivered once more, while its first run is at work."""
    scene.strike()
    scene.deliver_again(scene.client.uploads[0])


def _late(scene: Scene) -> None:
    """The upload's event is delivered once more, after a newer file went through."""
    (older,) = scene.client.uploads
    scene.client.await_end(older)
    newer = scene.client.file()
    scene.client.upload(newer)
    scene.client.await_end(newer)
    scene.strike()
    scene.deliver_again(older)


def _two_pipelines(scene: Scene) -> None:
    """A second file comes while the first is at work."""
    scene.strike()
    scene.client.upload(scene.client.file())


def _both_promotions(scene: Scene) -> None:
    """Two versions are promoted by hand at the same time."""
    scene.strike()
    scene.promote_two_at_once()


def catalogue() -> list[Fault]:
    """All of them, in the order of the data's way."""
    faults: list[Fault] = []

    def add(name: str, activity: Activity, strike: Callable[[Scene], None], at: str = "", **more: Any) -> None:
        faults.append(Fault(name, activity, strike, at, **more))

    # A run of the pipeline, step by step.
    for step, function in STEPS.items():
        add(f"kill the function at {step}", "pipeline", partial(Scene.kill_function, function=function), step)
    for step in ("Ingest", "Evaluate"):
        function = STEPS[step]
        frozen = partial(Scene.freeze_function, function=function, seconds=3)
        add(f"freeze the function at {step} for 3 s", "pipeline", frozen, step)
    for step in ("Ingest", "Features", "Evaluate", "Promote"):
        add(f"kill PostgreSQL at {step}", "pipeline", partial(Scene.kill, service="postgres"), step)
    for step in ("Ingest", "Features", "Plan"):
        frozen = partial(Scene.freeze, service="postgres", seconds=4)
        add(f"freeze PostgreSQL at {step} for 4 s", "pipeline", frozen, step)
    add("kill Valkey at Features", "pipeline", partial(Scene.kill, service="valkey"), "Features")
    frozen = partial(Scene.freeze, service="valkey", seconds=7)
    add("freeze Valkey at Features for 7 s", "pipeline", frozen, "Features")
    for step in ("Ingest", "Evaluate", "Fit", "Promote"):
        add(f"kill LocalStack at {step}", "pipeline", partial(Scene.kill, service="localstack"), step)
    for step in ("Features", "Fit"):
        frozen = partial(Scene.freeze, service="localstack", seconds=3)
        add(f"freeze LocalStack at {step} for 3 s", "pipeline", frozen, step)
    add("full disk at Ingest for 4 s", "pipeline", partial(Scene.fill_disk, seconds=4), "Ingest")
    for fault in FAULTS:
        for store, step, most in (("postgres", "Ingest", 8), ("redis", "Features", 3), ("s3", "Fit", 8)):
            add(
                f"{fault} exchange with {store} at {step}",
                "pipeline",
                _exchange(store, fault, most),
                step,
                given=Scene.between,
            )

    # Events.
    add("an event twice", "pipeline", _again, "Features")
    add("an event late, after a newer file's", "pipeline", _late, "Promote")
    add("two files at once", "pipeline", _two_pipelines, "Ingest")
    add("two promotions at once", "serving", _both_promotions)
    for offset, words in (("+26h", "26 h ahead"), ("-26h", "26 h behind")):
        stepped = partial(Scene.clock, offset=offset)
        add(f"functions' clocks {words}", "serving", Scene.strike, given=stepped)
        add(f"functions' clocks {words}, in a run", "pipeline", Scene.strike, "Ingest", given=stepped)

    # Serving.
    for service, title in (("postgres", "PostgreSQL"), ("valkey", "Valkey"), ("localstack", "LocalStack")):
        add(f"kill {title} while predicting", "serving", partial(Scene.kill, service=service))
        frozen = partial(Scene.freeze, service=service, seconds=3)
        add(f"freeze {title} for 3 s while predicting", "serving", frozen)
    add("kill inference while predicting", "serving", partial(Scene.kill_function, function="Inference"))
    frozen = partial(Scene.freeze_function, function="Inference", seconds=3)
    add("freeze inference for 3 s while predicting", "serving", frozen)
    add("full disk for 4 s while predicting", "serving", partial(Scene.fill_disk, seconds=4))
    for fault in FAULTS:
        add(
            f"{fault} exchange with redis while predicting",
            "serving",
            _exchange("redis", fault, 5),
            given=Scene.between,
        )

    # Monitoring.
    add("kill monitoring in a drain", "monitoring", partial(Scene.kill_function, function="Monitoring"))
    add("kill PostgreSQL in a drain", "monitoring", partial(Scene.kill, service="postgres"))
    frozen = partial(Scene.freeze, service="valkey", seconds=3)
    add("freeze Valkey for 3 s in a drain", "monitoring", frozen)
    for fault in FAULTS:
        add(
            f"{fault} exchange with postgres in a drain",
            "monitoring",
            _exchange("postgres", fault, 4),
            given=Scene.between,
        )

    # Retraining.
    add("kill monitoring as it decides to retrain", "retraining", partial(Scene.kill_function, function="Monitoring"))
    add("kill PostgreSQL as retraining is decided", "retraining", partial(Scene.kill, service="postgres"))
    return faults


def _exchange(store: Any, fault: str, most: int) -> Callable[[Scene], None]:
    """Break one exchange, after a few pieces that chance chooses."""
    return lambda scene: scene.break_exchange(store, fault, scene.chance.randrange(most))
