"""docs/trust.md and its plots, from what was measured."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WIDTH, EDGE, ROW = 640, 260, 16
HEAD = """# How this was broken, and what held

What `make trust` measured on {machine}, {date}, seed {seed}. `make chaos`, `make fuzz` and `make load` are its parts; the same seed makes the
same faults, inputs and files. Whatever a person acts on is written here by the command, and nothing else.

| | measured | bar | |
|---|---|---|---|
"""
CHAOS = """
## Faults

Each round is an activity on an embedded cloud of its own (a run of the pipeline, serving, a drain, a retraining), one fault in the middle of
it, and a client who predicts all the while and writes down what was answered. Then a checker
([`tests/chaos/promises.py`](../tests/chaos/promises.py)) judges {promises} promises from the stores and the client's log alone. *Whole
again* is the time from the fault to the first prediction that misses nothing, `make up` included where a server had to be started again;
*unanswered* and *degraded* are predictions in the whole round. *Round* is the whole, to the end of every run; one of five minutes waits for a
PostgreSQL that takes a connection and stays silent, which the pipeline gives up after 250 seconds.

![Seconds until whole again, by fault](trust-recovery.svg)

| fault | asked | unanswered | degraded | whole again, s | round, s |
|---|---:|---:|---:|---:|---:|
"""
FUZZ = """
## Inputs that nobody means

The API takes its requests as gateway events over real stores; the others run under atheris, which steers by coverage. A finding is a 5xx,
an exception that is not documented, or more than ten seconds.

| door | inputs | seconds | findings |
|---|---:|---:|---:|
"""
LOAD = """
## Load

An open loop: a request is due when the plan says so, and its latency counts from then. Each answer is compared with the one that the same
row had before. One uvicorn worker with `LIMIT=64`, asked over 192 connections; the gateway is LocalStack's, which throttles nobody and starts
an execution environment for each request that finds none idle: it is asked over 8, and what is due waits for one of them. The highest rate is
of the better of two tries of six seconds; the soak, at half of it, has ten minutes of what else goes on beside it.

| door | p99 < {bar:.0f} ms up to | p99 of that half | in a spike of 10 × | soak | memory in the soak, MB | open files |
|---|---:|---:|---|---|---|---|
"""
TAIL = """
## What this does not show

One machine, which also ran the client; AWS itself (faults of its services, its throttling) is not here to be broken. Clocks were stepped for
functions, not for servers. LocalStack's gateway says little about AWS's: it is one process, and with 192 connections open it serves nobody
else. LocalStack loses what is in flight when it is killed: such an upload is sent again, as the guide says.
"""


def written(docs: Path, found: Mapping[str, Any], figures: Iterable[Mapping[str, Any]], machine: str) -> None:
    """Write the page and its plot."""
    chaos, fuzz, load = (found.get(name) for name in ("chaos", "fuzz", "load"))
    seed = (chaos or fuzz or {}).get("seed", "–")
    lines = [HEAD.format(machine=machine, date=f"{datetime.now(UTC):%Y-%m-%d}", seed=seed)]
    lines += [
        f"| {each['name']} | {each['figure']:,} {each['unit']} | {each['bar']} | {'✓' if each['holds'] else '✗'} |\n"
        for each in figures
    ]
    if chaos:
        from chaos.promises import PROMISES

        lines.append(CHAOS.format(promises=len(PROMISES)))
        rounds = sorted(chaos["rounds"], key=lambda each: each["round"])
        for each in rounds:
            name, recovery = each["round"].partition("#")[0], each["recovery"]
            shown = each["skipped"] or (
                "**broken**" if each["broken"] else f"{recovery:.1f}" if recovery is not None else "–"
            )
            counts = f"{each['asked']} | {each['unanswered']} | {each['degraded']}"
            lines.append(f"| {name} | {counts} | {shown} | {each['seconds']:.0f} |\n")
        bars = {each["round"].partition("#")[0]: each["recovery"] or 0.0 for each in rounds if not each["skipped"]}
        (docs / "trust-recovery.svg").write_text(drawn("Seconds until whole again", bars))
        if seen := chaos.get("mutations"):
            names = "".join(f"- {name.replace(' | ', ': ')}\n" for name in seen)
            lines.append(
                f"\nThe checker was seen to fail: each of these was done to the stores, and it named the promise.\n\n{names}"
            )
    if fuzz:
        lines.append(FUZZ)
        for name, each in fuzz["targets"].items():
            lines.append(f"| {name} | {each['tried']:,} | {each['seconds']:.0f} | {len(each['found'])} |\n")
    if load:
        lines.append(LOAD.format(bar=load["bar_ms"]))
        lines += [_door(door, load[door]) for door in ("uvicorn", "gateway") if door in load]
    lines.append(TAIL)
    (docs / "trust.md").write_text("".join(lines))


def _door(door: str, found: Mapping[str, Any]) -> str:
    soak, spike = found["soak"], found["spike"]
    said = ", ".join(f"{count:,} × {status}" for status, count in spike[1]["statuses"].items())
    memory, files = (" → ".join(f"{value:.0f}" for value in soak[name]) for name in ("memory_mb", "files"))
    answers = sum(soak["statuses"].values())
    return (
        f"| {door} | {found['rate']:.0f}/s | {soak['p99_ms']} ms | {said} | {soak['seconds'] / 60:.0f} min, {answers:,} answers "
        f"| {memory} | {files} |\n"
    )


def drawn(title: str, bars: Mapping[str, float]) -> str:
    """Bars with their figures, the longest first, as SVG."""
    ordered = sorted(bars.items(), key=lambda each: -each[1])
    most = max([value for _, value in ordered] or [1.0]) or 1.0
    height = 40 + ROW * len(ordered)
    rows = "".join(
        f'<text x="{EDGE - 6}" y="{36 + ROW * at}" text-anchor="end">{name}</text>'
        f'<rect x="{EDGE}" y="{27 + ROW * at}" width="{max(1.0, value / most * (WIDTH - EDGE - 50)):.1f}" height="11" fill="#0d5f78"/>'
        f'<text x="{EDGE + max(1.0, value / most * (WIDTH - EDGE - 50)) + 5:.1f}" y="{36 + ROW * at}">{value:.1f}</text>'
        for at, (name, value) in enumerate(ordered)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="10">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="8" y="16" font-size="13">{title}</text>{rows}</svg>\n'
    )
