"""`make trust`: chaos, fuzz and load one after the other, and what they say as docs/trust.md and `.local/trust.json`.

LENGTH is `short` (a quarter of an hour) or `long` (an hour and a half). PAGE=only writes the page of the last figures.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from .page import written

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".local"
LENGTHS: Mapping[str, Mapping[str, str]] = {
    "long": {"KILLS": "100", "INPUTS": "1000000", "MINUTES": "10"},
    "short": {"KILLS": "10", "INPUTS": "20000", "MINUTES": "1", "ONLY": "while predicting"},
}


def main() -> int:
    length, only_page = os.environ.get("LENGTH") or "long", os.environ.get("PAGE") == "only"
    if length not in LENGTHS:
        sys.exit(f"✗ LENGTH is {length!r}, must be one of {', '.join(LENGTHS)}")
    settings = LENGTHS[length]
    codes = {}
    for name in () if only_page else ("chaos", "fuzz", "load"):
        (HOME / f"{name}.json").unlink(missing_ok=True)
        only = settings.get("ONLY", "") if name == "chaos" else ""
        environment = {**os.environ, **settings, "ONLY": only, "SEED": os.environ.get("SEED") or "1912"}
        codes[name] = subprocess.run([sys.executable, "-m", name], env=environment, check=False).returncode
    found = {name: read(name) for name in ("chaos", "fuzz", "load")}
    figures = [*chaos(found["chaos"]), *fuzz(found["fuzz"]), *load(found["load"])]
    (HOME / "trust.json").write_text(json.dumps(figures, indent=1))
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    written(ROOT / "docs", found, figures, machine)
    for each in figures:
        mark = "✓" if each["holds"] else "✗"
        print(f"{mark} {each['name']}: {each['figure']} {each['unit']} (bar: {each['bar']})", file=sys.stderr)
    return int(not figures or not all(each["holds"] for each in figures) or any(codes.values()))


def read(name: str) -> Any:
    file = HOME / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def figure(name: str, kind: str, value: Any, unit: str, bar: str, holds: bool) -> dict[str, Any]:
    """One line of `.local/trust.json`."""
    return {"name": name, "kind": kind, "figure": value, "unit": unit, "bar": bar, "holds": holds}


def chaos(report: Any) -> Iterator[dict[str, Any]]:
    if not report:
        return
    tried = [each for each in report["rounds"] if not each["skipped"]]
    bad = [each["round"] for each in tried if each["broken"]]
    yield figure("faults survived", "chaos", len(tried) - len(bad), f"of {len(tried)}", "all", not bad)
    slowest = max((each["recovery"] or 0.0 for each in tried), default=0.0)
    yield figure("slowest recovery", "chaos", round(slowest, 1), "s", "120", slowest <= 120)
    if seen := report.get("mutations"):
        yield figure(
            "promises broken on purpose, seen",
            "chaos",
            sum(seen.values()),
            f"of {len(seen)}",
            "all",
            all(seen.values()),
        )
    if kills := report.get("kills"):
        held = 0 if kills["broken"] else kills["times"]
        yield figure(
            "ingestions killed at random, nothing lost",
            "chaos",
            held,
            f"of {kills['times']}",
            "all",
            not kills["broken"],
        )
    if clones := report.get("clones"):
        whole = 0 if clones["broken"] else clones["clones"]
        yield figure("clones at work at once, nothing shared", "chaos", whole, "of 2", "all", not clones["broken"])
    if restored := report.get("restored"):
        bits = 0 if restored["differs"] else restored["rows"]
        yield figure(
            "predictions alike after a restore", "chaos", bits, f"of {restored['rows']}", "all", not restored["differs"]
        )


def fuzz(report: Any) -> Iterator[dict[str, Any]]:
    for name, each in (report or {"targets": {}})["targets"].items():
        found = len(each["found"])
        yield figure(
            f"inputs tried: {name}", "fuzz", each["tried"], f"inputs, {found} findings", "no finding", not found
        )


def load(report: Any) -> Iterator[dict[str, Any]]:
    for door in ("uvicorn", "gateway"):
        if not (found := (report or {}).get(door)):
            continue
        bar = report["bar_ms"]
        yield figure(
            f"{door}: highest rate with p99 under {bar:.0f} ms",
            "load",
            round(found["rate"]),
            "requests/s",
            "more than 0",
            found["rate"] > 0,
        )
        phases = [*found["tries"], *found["spike"], found["soak"]]
        wrong = sum(phase["wrong"] for phase in phases)
        answers = sum(phase["statuses"].get("200", 0) for phase in phases)
        yield figure(f"{door}: wrong answers", "load", wrong, f"of {answers:,}", "0", not wrong)
        refused = found["spike"][1]["statuses"].get("429", 0)
        silent = sum(phase["without_retry_after"] for phase in phases)
        yield figure(
            f"{door}: refused in a spike of ten times", "load", refused, "with Retry-After", "all say when", not silent
        )
        before, after = found["soak"]["memory_mb"]
        grown = round(100 * (after / before - 1), 1)
        yield figure(f"{door}: memory after a soak", "load", grown, "% more", "10", grown <= 10)


if __name__ == "__main__":
    sys.exit(main())
