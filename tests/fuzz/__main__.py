"""`make fuzz`: inputs that nobody means, divided over the product's doors. INPUTS is how many in all, SEED the chance.

The API is asked through its gateway events over real stores (tests/functions/fuzz_api.py), everything else runs under
atheris. What is found is kept in `.local/fuzz/` and, once mended, in tests/fuzz/found/, which a test tries again.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".local/fuzz"
# Of all inputs, by what each costs and by how much of it comes from strangers.
SHARES = {"api": 0.10, "csv": 0.30, "cell": 0.26, "resp": 0.12, "model": 0.08, "labels": 0.08, "event": 0.06}
console = Console(stderr=True)


def main() -> int:
    inputs, seed = int(os.environ.get("INPUTS") or 1_000_000), int(os.environ.get("SEED") or 1912)
    only = os.environ.get("ONLY", "")
    FOLDER.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    for target, share in SHARES.items():
        if only and target != only:
            continue
        count = inputs if only else round(inputs * share)
        begun = time.monotonic()
        console.print(f"{target}: {count:,} inputs …")
        tried, found = (_api if target == "api" else _target)(target, count, seed)
        seconds = time.monotonic() - begun
        results[target] = {"tried": tried, "seconds": round(seconds, 1), "found": found}
        console.print(
            f"{'✗' if found else '✓'} {target}: {tried:,} inputs in {seconds:.0f} s", *found[:1], highlight=False
        )
    report = {"seed": seed, "targets": results}
    (ROOT / ".local/fuzz.json").write_text(json.dumps(report, indent=1))
    shown = Table("target", "inputs", "seconds", "found")
    for name, each in results.items():
        shown.add_row(name, f"{each['tried']:,}", f"{each['seconds']:.0f}", str(len(each["found"])))
    console.print(shown)
    print(f"{sum(each['tried'] for each in results.values()):,} inputs")
    return int(any(each["found"] for each in results.values()))


def _target(target: str, count: int, seed: int) -> tuple[int, list[str]]:
    folder = FOLDER / target
    shutil.rmtree(folder, ignore_errors=True)  # a corpus or a count of an earlier run would be taken for this one's
    folder.mkdir()
    command = [sys.executable, "-m", "fuzz.coverage_guided", target, str(count), str(seed), str(folder)]
    with (folder / "log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, check=False)
    tried = json.loads((folder / "tried.json").read_text()) if (folder / "tried.json").exists() else 0
    kept = [path for kind in ("crash", "timeout", "oom") for path in folder.glob(f"{kind}-*")]
    if not kept and tried < count:
        kept = [folder / "log"]  # it ended before its time
    return tried, [str(path.relative_to(ROOT)) for path in kept]


def _api(_: str, count: int, seed: int) -> tuple[int, list[str]]:
    report, log = FOLDER / "api.json", FOLDER / "api.log"
    report.unlink(missing_ok=True)
    environment = {**os.environ, "REQUESTS": str(count), "SEED": str(seed), "REPORT": str(report)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "timeout=0",
        "tests/functions/fuzz_api.py",
    ]
    with log.open("wb") as out:
        subprocess.run(command, cwd=ROOT, env=environment, stdout=out, stderr=out, check=False)
    if not report.exists():
        return 0, [str(log.relative_to(ROOT))]
    return json.loads(report.read_text())["tried"], []


if __name__ == "__main__":
    sys.exit(main())
