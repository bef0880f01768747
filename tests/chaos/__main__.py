"""`make chaos`: faults on an embedded cloud of its own, each followed by a judgement of every promise.

SEED chooses order and chance, ONLY faults by a part of their name, KILLS how often ingestion is killed at random;
with a part of the faults or a history that is done only if KILLS is given, and so are mutations and the restore. At
the end two clones are at work at once; with a part or a history only if CLONES is given.
HISTORY plays rounds as an earlier run printed them: `HISTORY='kill Valkey at Features#12; an event twice#7'`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from clouds import CHECKOUT, HOME, Cloud, copy_checkout

from .backup import rehearsed
from .clones import two_clones
from .history import FAULTS, Outcome, Round, Stage, as_json, seeded, shortest
from .kills import killed_ingestions
from .mutate import seen

REPORT = HOME / "chaos.json"
DISK = "1500m"
console = Console(stderr=True)


@contextmanager
def stage() -> Iterator[Stage]:
    """A new cloud, on a file system of its own where this machine lets one be mounted."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        root = Path(name)
        folder = root / "disk"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "none", str(folder)]
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
        cloud = Cloud(copy_checkout(root / "checkout"), folder / "state")
        try:
            cloud.up()
            yield Stage(cloud, folder if mounted else None)
        finally:
            cloud.run("down")
            if mounted:
                subprocess.run(["umount", "--lazy", str(folder)], check=False)


def main() -> int:
    settings = {name: os.environ.get(name, "") for name in ("SEED", "ONLY", "KILLS", "HISTORY", "CLONES")}
    seed = int(settings["SEED"] or 1912)
    faults = [name for name in FAULTS if settings["ONLY"].casefold() in name.casefold()]
    if not faults:
        sys.exit(f"✗ No fault has {settings['ONLY']!r} in its name; there are {', '.join(FAULTS)}")
    rounds = list(seeded(seed, faults))
    if settings["HISTORY"]:
        rounds = [Round.parse(each.strip()) for each in settings["HISTORY"].split(";")]
    outcomes: list[Outcome] = []
    report: dict[str, Any] = {"seed": seed, "date": f"{datetime.now(UTC):%Y-%m-%d}", "rounds": []}
    with stage() as here:
        for number, round_ in enumerate(rounds, 1):
            outcome = here.play(round_)
            outcomes.append(outcome)
            say(f"{number:3}/{len(rounds)} {line(outcome)}")
            report["rounds"].append(as_json(outcome))
            write(report)
        if settings["KILLS"] or not (settings["HISTORY"] or settings["ONLY"]):
            report["mutations"] = seen(here, say)
            write(report)
            report["kills"] = killed_ingestions(here, int(settings["KILLS"] or 100), seed, say)
            report["restored"] = rehearsed(here, say)
            write(report)
    if settings["CLONES"] or not (settings["HISTORY"] or settings["ONLY"]):
        report["clones"] = two_clones(stage, seed, say)
        write(report)
    console.print(table(outcomes))
    if bad := [place for place, each in enumerate(outcomes) if each.broken]:
        explain(rounds[: bad[0] + 1], outcomes[bad[0]])
    unseen = [name for name, was in report.get("mutations", {}).items() if not was]
    wrong = (("kills", "broken"), ("restored", "differs"), ("clones", "broken"))
    if bad or unseen or any(report.get(part, {}).get(what) for part, what in wrong):
        return 1
    print(f"{sum(not each.skipped for each in outcomes)} faults, every promise holds; {REPORT.relative_to(CHECKOUT)}")
    return 0


def explain(rounds: Sequence[Round], outcome: Outcome) -> None:
    """Say what broke, and the shortest history that breaks it too: each try has a new cloud."""
    for name, breaches in outcome.broken.items():
        console.print(f"[bold red]✗ {name}[/]")
        for breach in breaches:
            console.print(f"    {breach}")
    console.print("Looking for a shorter history …")

    def breaks(tried: Sequence[Round]) -> bool:
        with stage() as here:
            *_, last = [here.play(each) for each in tried]
        return bool(last.broken)

    found = shortest(rounds, breaks)
    print(f"make chaos HISTORY='{'; '.join(map(str, found))}'")


def say(text: str) -> None:
    console.print(text, markup=False, highlight=False)


def line(outcome: Outcome) -> str:
    if outcome.skipped:
        return f"- {outcome.round.fault}: not tried, {outcome.skipped}"
    recovery = "" if outcome.recovery is None else f", whole again after {outcome.recovery:.1f} s"
    return f"{'✗' if outcome.broken else '✓'} {outcome.round}{recovery}; {outcome.seconds:.0f} s"


def table(outcomes: Sequence[Outcome]) -> Table:
    shown = Table("fault", "asked", "unanswered", "degraded", "whole again after, s", "promises")
    for each in outcomes:
        recovery = "–" if each.recovery is None else f"{each.recovery:.1f}"
        verdict = "not tried" if each.skipped else "broken" if each.broken else "hold"
        shown.add_row(each.round.fault, str(each.asked), str(each.unanswered), str(each.degraded), recovery, verdict)
    return shown


def write(report: dict[str, Any]) -> None:
    with suppress(OSError):
        REPORT.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # in order: the cloud is stopped
    sys.exit(main())
