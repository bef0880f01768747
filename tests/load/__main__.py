"""`make load`: what the API bears, through uvicorn and through the gateway, with every answer checked.

The highest rate at which the 99th percentile stays under 100 ms, a spike of ten times a steady rate, and a soak of
MINUTES at each door with memory and open files. An embedded cloud of its own is loaded; ONLY names one door, and
`.local/load.json` has the figures.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console

from clouds import HOME, LIST, Cloud, call, copy_checkout, environments, family, serving
from embedded_cloud import processes

P99_MS = 100.0
SECONDS = 6.0  # of one try of a rate
FIRST, LAST = 5.0, 5000.0
WARM_UP = (5.0, 10.0)  # of whoever is cold
PRECISION = 1.1  # between the rate that holds and the next that does not
BODIES = 200
# To uvicorn more than it answers at once, so that it can be seen to refuse. The gateway starts an execution environment
# (here a process) for each request that finds none idle, as Lambda does: on two cores more are of no use.
CONNECTIONS = {"uvicorn": 192, "gateway": 8}
console = Console(stderr=True, highlight=False)


def main() -> int:
    minutes = float(os.environ.get("MINUTES") or 10)
    report: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "bar_ms": P99_MS}
    if only := os.environ.get("ONLY"):
        report = {**json.loads((HOME / "load.json").read_text()), **report} if (HOME / "load.json").exists() else report
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        root = Path(name)
        cloud = Cloud(copy_checkout(root / "checkout"), root / "state")
        try:
            cloud.up()
            with serving(cloud) as (uvicorn, server):
                file = root / "asked.json"
                file.write_text(json.dumps(asked(uvicorn)))
                doors: dict[str, tuple[str, Callable[[], list[psutil.Process]]]] = {
                    "uvicorn": (uvicorn, lambda: [server]),
                    "gateway": (cloud.outputs()["api_url"], lambda: platform(cloud)),
                }
                for door, (url, watched) in doors.items():
                    if only not in (None, "", door):
                        continue
                    ask = Load(file, CONNECTIONS[door])
                    report[door] = measured(door, f"{url}/predict", ask, watched, minutes * 60)
                    (HOME / "load.json").write_text(json.dumps(report, indent=1))
        finally:
            cloud.run("down")
    bad = [f"{door}: {what}" for door in ("uvicorn", "gateway") if door in report for what in faults(report[door])]
    for each in bad:
        console.print(f"[red]✗[/] {each}")
    return int(bool(bad))


class Load:
    """Plays plans from a process of its own."""

    def __init__(self, file: Path, connections: int) -> None:
        self._file, self._connections = file, connections

    def __call__(self, url: str, *phases: tuple[float, float]) -> list[dict[str, Any]]:
        plan = ",".join(f"{rate}:{seconds}" for rate, seconds in phases)
        command = [sys.executable, "-m", "load.open_loop", url, str(self._file), plan, str(self._connections)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


def measured(
    door: str, url: str, ask: Load, watched: Callable[[], list[psutil.Process]], soak_seconds: float
) -> dict[str, Any]:
    """All that is to be known about one door."""
    ask(url, WARM_UP)
    rate, tries = highest(url, ask)
    steady = max(rate / 2, 1.0)
    console.print(f"{door}: 99 % within {P99_MS:.0f} ms up to {rate:.0f} requests a second")
    spike = ask(url, (steady, 5.0), (10 * steady, 5.0), (steady, 15.0))
    console.print(f"{door}: spike of {10 * steady:.0f} a second: {spike[1]['statuses']}, {spike[1]['wrong']} wrong")
    samples: list[tuple[float, float, int]] = []
    with sampling(watched, samples):
        (soak,) = ask(url, (steady, soak_seconds))
    thirds = [samples[: len(samples) // 3], samples[-len(samples) // 3 :]]
    memory, files = ([median(each[place] for each in third) for third in thirds] for place in (1, 2))
    console.print(f"{door}: soak {soak_seconds:.0f} s, memory {memory[0]:.0f} → {memory[1]:.0f} MB, files {files}")
    return {
        "rate": rate,
        "tries": tries,
        "spike": spike,
        "soak": {**soak, "memory_mb": memory, "files": files, "samples": samples},
    }


def highest(url: str, ask: Load) -> tuple[float, list[dict[str, Any]]]:
    """The highest rate that was held: doubled until one is not, then halved in between. All answers must be 200.

    Of two tries, for the first one at a rate starts the execution environments that it takes.
    """
    tries: list[dict[str, Any]] = []

    def holds(rate: float) -> bool:
        for _ in range(2):
            (phase,) = ask(url, (rate, SECONDS))
            tries.append(phase)
            if set(phase["statuses"]) == {"200"} and phase["p99_ms"] < P99_MS:
                return True
        return False

    low, high = 0.0, FIRST
    while high < LAST and holds(high):
        low, high = high, high * 2
    while low and high / low > PRECISION:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low, tries


def faults(found: dict[str, Any]) -> list[str]:
    """What of the promises about load does not hold."""
    phases = [*found["tries"], *found["spike"], found["soak"]]
    said = []
    if wrong := sum(phase["wrong"] for phase in phases):
        said.append(f"{wrong} wrong answers")
    if missing := sum(phase["without_retry_after"] for phase in phases):
        said.append(f"{missing} refusals without Retry-After")
    if other := {status for phase in phases for status in phase["statuses"]} - {"200", "429"}:
        said.append(f"answers of status {', '.join(sorted(other))}")
    if found["spike"][2]["p99_ms"] is None:
        said.append("no answer after the spike")
    before, after = found["soak"]["memory_mb"]
    if after > 1.1 * before:
        said.append(f"memory grew from {before:.0f} to {after:.0f} MB in the soak")
    before, after = found["soak"]["files"]
    if after > before + 8:
        said.append(f"open files grew from {before:.0f} to {after:.0f} in the soak")
    return said


def asked(url: str) -> list[dict[str, Any]]:
    """Rows of the list as request bodies, and the probability of each as the API says it when nothing else is asked."""
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))[:BODIES]
    return [{"body": row, "probability": call(f"{url}/predict", row)["probability"]} for row in rows]


def platform(cloud: Cloud) -> list[psutil.Process]:
    """LocalStack and the processes of inference."""
    (localstack,) = processes.find(cloud.state, "localstack")
    return [localstack, *family(environments(cloud, cloud.outputs()["functions"]["InferenceFunction"]))]


@contextmanager
def sampling(watched: Callable[[], list[psutil.Process]], samples: list[tuple[float, float, int]]) -> Iterator[None]:
    """Note each second: seconds since the begin, megabytes held alone (unique set size), open files."""
    over = threading.Event()

    def sample() -> None:
        seconds = 0.0
        while not over.wait(1.0):
            seconds += 1
            held, files = 0, 0
            for each in watched():
                with suppress(psutil.Error):
                    held += each.memory_full_info().uss
                    files += each.num_fds()
            samples.append((seconds, held / 2**20, files))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
