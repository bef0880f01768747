"""What counting costs a request: the same handler with its metrics and without, the prediction log in both."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.executor import ENVIRONMENTS, process_executor
from bench.inference import HERE, ROOT, Row, environment, publish_champion, redis, sample_events, timed_in_handler
from mlops_cloud import build

ROUNDS = 5


def rows() -> list[Row]:
    """Both sides take turns, each round a process of its own; the median of the rounds' p50s."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_url = stack.enter_context(redis(work / "valkey"))
        endpoint = stack.enter_context(process_executor(work))
        os.environ.update(settings := environment(endpoint, redis_url))
        publish_champion()
        artifact = build.build(ROOT, ROOT / ".local/build", ENVIRONMENTS, work / "build.log") / "InferenceFunction"
        python, events = ENVIRONMENTS / "lambda/bin/python", sample_events(work)
        taken: dict[str, list[list[float]]] = {"handler": [], "uncounted": []}
        for _ in range(ROUNDS):
            for module, found in taken.items():
                folders = Path(f"{artifact}{os.pathsep}{HERE / 'baseline'}")
                found.append(timed_in_handler(python, folders, module, settings, [events[1], events[100]]))
    return [
        _row(name, *(median(each[place] for each in taken[module]) for module in taken))
        for place, name in enumerate(("warm /predict", "warm batch of 100"))
    ]


def _row(name: str, figure: float, without: float) -> Row:
    ratio = figure / without
    return {
        "name": f"metrics: {name} in the handler, p50",
        "figure": round(figure, 4),
        "unit": "ms",
        "against": "without metrics",
        "against_figure": round(without, 4),
        "ratio": round(ratio, 3),
        "bar": 1.1,
        "holds": ratio <= 1.1,
    }
