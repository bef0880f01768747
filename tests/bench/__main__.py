"""Run the benchmarks: every module beside this one that has `rows()`, or those that ONLY names, one after the other.

Prints a table and writes `.local/bench.json`. Everything that is compared was measured in this run, side by side; a row
that does not hold its bar makes the run fail.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / ".local" / "bench.json"
FIELDS = ("name", "figure", "unit", "against", "against_figure", "ratio", "bar", "holds")


def main() -> int:
    wanted = os.environ.get("ONLY", "").replace(",", " ").split()
    known = [path.stem for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_")]
    if unknown := set(wanted) - set(known):
        print(f"There is no benchmark {', '.join(sorted(unknown))}: there are {', '.join(known)}", file=sys.stderr)
        return 2
    console = Console(width=None if sys.stdout.isatty() else 140)
    found: list[dict[str, Any]] = []
    for name in wanted or known:
        module = importlib.import_module(f"bench.{name}")
        if hasattr(module, "rows"):
            console.print(f"· {name}: {(module.__doc__ or '').splitlines()[0]}")
            found += [{field: row.get(field) for field in FIELDS} for row in module.rows()]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    console.print(table(found))
    return int(any(row["holds"] is False for row in found))


def table(found: list[dict[str, Any]]) -> Table:
    drawn = Table("", "figure", "against", "", "ratio", "bar", "")
    for row in found:
        drawn.add_row(
            row["name"],
            shown(row["figure"], row["unit"]),
            row["against"] or "",
            shown(row["against_figure"], row["unit"]) if row["against"] else "",
            shown(row["ratio"]),
            shown(row["bar"]),
            {True: "[green]holds", False: "[red]fails", None: ""}[row["holds"]],
        )
    return drawn


def shown(figure: float | None, unit: str = "") -> str:
    return "" if figure is None else f"{figure:,.0f} {unit}" if abs(figure) >= 1000 else f"{figure:.3g} {unit}"


if __name__ == "__main__":
    sys.exit(main())
