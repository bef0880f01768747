"""Batch scoring: the forest beside scikit-learn's own, files of growing length beside the same rows through the API."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from localstack_client.session import Session

from bench.data import measured
from bench.inference import learnt, passengers
from clouds import CHECKOUT, Cloud, call
from generate import write
from mlops.model.compiled_forest import CompiledForest
from mlops.model.estimator import fit
from titanic import USE_CASE

SIZES = [int(size) for size in os.environ.get("SIZES", "10000 100000 1000000").split()]
REPEATS = int(os.environ.get("REPEATS", "5"))
ROWS = 50_000
REQUESTS = 20  # of 1,000 rows each
REPORT = re.compile(r"Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB\s+Max Memory Used: (\d+) MB")
Row = dict[str, Any]
Outputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a file of so many rows took: from the command's start to its end, and of its functions."""

    rows: int
    seconds: float
    invocations: int
    gb_seconds: float
    peak_mb: int
    shards: int


def rows() -> list[Row]:
    """One thread for the forests; the cloud's own number of functions for the files, and one caller for the API."""
    found = list(forests())
    with tempfile.TemporaryDirectory() as folder, own_cloud(Path(folder)) as outputs:
        score(outputs, Path(folder), SIZES[0], seed=1)  # environments are started before they are measured
        batches = {size: score(outputs, Path(folder), size) for size in SIZES}
        by_api = through_the_api(outputs)
    least, most = batches[SIZES[0]], batches[SIZES[-1]]
    rate = most.rows / most.seconds
    before = batches[SIZES[-2]] if len(SIZES) > 1 else least
    return [
        *found,
        row(f"{most.rows:,} rows, end to end", rate, "rows/s", "/predict/batch", by_api, least=20),
        row(f"peak memory of {most.rows:,} rows", most.peak_mb, "MB", f"{before.rows:,}", before.peak_mb, most=1.05),
        row(
            f"cost of a row of {most.rows:,}",
            most.gb_seconds / most.rows * 1e6,
            "GB-µs",
            f"of {least.rows:,}",
            least.gb_seconds / least.rows * 1e6,
            most=1,
        ),
    ]


def forests() -> Iterator[Row]:
    """The same forest on the same matrix: the list's own rows, many of them alike, and rows that are all different."""
    rows_ = learnt(USE_CASE, passengers())
    model, estimator = fit(USE_CASE, {"max_depth": 8, "min_samples_leaf": 2}, rows_)
    compiled, chance = CompiledForest.of(model.forest), np.random.default_rng(1912)
    alike = model.encoder.transform(rows_.features)[chance.integers(0, len(rows_.labels), ROWS)]
    different = (alike + chance.normal(0, 0.3, alike.shape)).astype(np.float32)
    for name, matrix in (("passengers of the list", alike), ("rows that all differ", different)):
        assert (compiled.probabilities(matrix) == estimator.predict_proba(matrix)[:, 1]).all()
        sides: list[Callable[[], Any]] = [
            lambda m=matrix: compiled.probabilities(m),
            lambda m=matrix: estimator.predict_proba(m),
        ]
        taken = [[measured(side)[0] for side in sides] for _ in range(REPEATS)]
        ours, theirs = (ROWS / median(column) for column in zip(*taken, strict=True))
        yield row(f"forest, {name}", ours, "rows/s", "predict_proba", theirs, least=0.8)


@contextmanager
def own_cloud(folder: Path) -> Iterator[Outputs]:
    """An embedded cloud of this run's own, with a champion."""
    cloud = Cloud(CHECKOUT, folder / "state")
    try:
        cloud.up()
        yield cloud.outputs()
    finally:
        cloud.run("down")


def score(outputs: Outputs, folder: Path, size: int, seed: int = 1912) -> Batch:
    """Have a generated list scored as `make batch` does."""
    name = f"{size}-{time.time_ns()}"  # under a name that was scored before it would be the same batch, and done
    source, out = write(folder / f"{name}.csv", size, seed), folder / name
    command = [sys.executable, CHECKOUT / "infra/batch/command.py", out, "csv", source]
    since, began = time.time(), time.perf_counter()
    done = subprocess.run(command, input=json.dumps(outputs), capture_output=True, text=True)
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stderr
    shards = len(json.loads((out / "manifest.json").read_text())["parts"])
    reports = _reports(outputs, since, shards + 2)
    source.unlink()
    return Batch(
        rows=size,
        seconds=seconds,
        invocations=len(reports),
        gb_seconds=sum(ms / 1000 * mb / 1024 for ms, mb, _ in reports),
        peak_mb=max(peak for *_, peak in reports),
        shards=shards,
    )


def _reports(outputs: Outputs, since: float, invocations: int) -> list[tuple[int, int, int]]:
    """Billed milliseconds, memory and peak memory in MB of each invocation; the log is a moment behind."""
    logs = Session("test", "test", localstack_host=outputs["endpoint_url"].removeprefix("http://")).client("logs")
    group, deadline = f"/aws/lambda/{outputs['functions']['BatchFunction']}", time.monotonic() + 30
    while time.monotonic() < deadline:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
        lines = [REPORT.search(event["message"]) for page in pages for event in page["events"]]
        found = [tuple(map(int, line.groups())) for line in lines if line]
        if len(found) >= invocations:
            return found  # type: ignore[return-value]
        time.sleep(0.5)
    raise TimeoutError(f"The log of {group} has no {invocations} reports")


def through_the_api(outputs: Outputs) -> float:
    """Rows a second of full requests, one after the other."""
    bodies = [dict(row_) for _, row_ in passengers()]
    body = {"rows": (bodies * 2)[:1000]}
    call(f"{outputs['api_url']}/predict/batch", body)
    taken = [measured(lambda: call(f"{outputs['api_url']}/predict/batch", body))[0] for _ in range(REQUESTS)]
    return 1000 / median(taken)


def row(name: str, figure: float, unit: str, against: str, other: float, *, least: float = 0, most: float = 0) -> Row:
    """One line of the table; `least` or `most` is the bar for the ratio."""
    ratio = figure / other
    return {
        "name": f"batch: {name}",
        "figure": round(figure, 2),
        "unit": unit,
        "against": against,
        "against_figure": round(other, 2),
        "ratio": round(ratio, 3),
        "bar": least or most,
        "holds": ratio >= least if least else ratio <= most,
    }
