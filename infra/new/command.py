"""`make new`: from a CSV to a use case."""

import argparse
import difflib
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from new import names, report, source
from new.columns import Inferred, infer
from new.formats import is_code, is_whole
from new.label import classes
from new.refusal import RefusedError
from new.search_space import search_space
from new.source import Plan
from new.table import MAX_BROKEN, Table, read_table

ROOT = Path(__file__).parents[2]
MIN_ROWS = 50
_LINE_LENGTH = 120


def main(arguments: list[str] | None = None) -> int:
    """Write the use case; 1 if no use case can be made of the table, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="make new", description="Make a use case from a CSV.")
    for name, text in (
        ("name", "what it is called: its folder, its buckets"),
        ("csv", "the table, with a header"),
        ("label", "the column that is predicted, of two values"),
        ("id", "the column that identifies a row, if there is one"),
        ("positive", "the label's value that is class 1"),
    ):
        parser.add_argument(f"--{name}", default="", help=text)
    parser.add_argument("--into", default="functions", choices=["functions", "examples"])
    parser.add_argument("--root", default=ROOT, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        if lacking := [name for name in ("name", "csv", "label") if not getattr(given, name)]:
            usage = "make new NAME=churn CSV=customers.csv LABEL=churned [ID=customer_id] [POSITIVE=yes]"
            raise RefusedError(f"{', '.join(map(str.upper, lacking))} is not given", usage)
        names.check_name(given.name, given.root)
        csv = Path(given.csv).expanduser()
        data = given.root / "data" / f"{given.name}.csv"
        if data.exists() and not csv.samefile(data):
            raise RefusedError(f"data/{data.name} is there already", "choose another NAME, or move it away")
        table, plan = make_plan(given.name, read_table(csv), given.label, given.id, given.positive)
        if data.exists() and table.notes:
            raise RefusedError(
                f"data/{data.name} must be rewritten: {'; '.join(table.notes)}", "move it to another folder"
            )
        report.show(plan, table, console)
        written = write(plan, table, given.root, given.into)
    except RefusedError as refused:
        console.print(f"✗ {refused}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    sys.stdout.writelines(f"{path.relative_to(given.root)}\n" for path in written)
    sys.stdout.write(f"→ make up USE_CASE={given.name}\n")
    return 0


def make_plan(name: str, table: Table, label: str, id_column: str = "", positive: str = "") -> tuple[Table, Plan]:
    """What the use case of a table will be, and the table as it will be kept; RefusedError if there is none."""
    header = list(map(str, table.rows.columns))
    names.check_columns(header)
    for what, column in (("LABEL", label), ("ID", id_column)):
        if column and column not in header:
            near = difflib.get_close_matches(column.casefold(), [each.casefold() for each in header], 1, 0.5)
            nearest = next((each for each in header if each.casefold() in near), header[-1])
            raise RefusedError(
                f"There is no column {column!r} in {table.name}: it has {', '.join(header)}", f"{what}={nearest!r}?"
            )
    if label == id_column:
        raise RefusedError(
            "LABEL and ID are the same column", "the label is what is predicted, the id says who a row is"
        )
    names.check_field("label", label.lower())
    found = classes(table.rows[label], positive)
    if sum(found.rows) < MIN_ROWS:
        raise RefusedError(
            f"{table.name} has {sum(found.rows)} rows with a label", f"a model needs at least {MIN_ROWS}: collect more"
        )
    if found.unlabelled > MAX_BROKEN / 2 * len(table.rows):
        table = table.labelled(table.rows[label].isin(found.values))
        found = classes(table.rows[label], positive)
    row_id = _checked_id(table, id_column) if id_column else None
    labelled = table.rows[table.rows[label].isin(found.values)].reset_index(drop=True)
    columns = [
        infer(table.rows[column], column in table.padded) for column in header if column not in (label, id_column)
    ]
    if not (kept := [column for column in columns if not column.ignored]):
        raise RefusedError(
            f"No column of {table.name} is of use: {'; '.join(f'{each.name} – {each.why}' for each in columns)}",
            "add columns that repeat: numbers, categories, dates",
        )
    for each in kept:
        names.check_field("feature", each.name)
    search = search_space(len(labelled), len(kept), min(found.rows))
    return table, Plan(name, table.name, labelled, columns, row_id, label, found, search)


def write(plan: Plan, table: Table, root: Path, into: str) -> list[Path]:
    """Write package, first test and table; nothing that is there is overwritten."""
    package, test = root / into / plan.name / "__init__.py", root / "tests" / plan.name / f"test_{plan.name}.py"
    data = root / "data" / f"{plan.name}.csv"
    for path, text in ((package, source.use_case(plan)), (test, source.test(plan))):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        for step in (["check", "--quiet", "--fix", "--select", "I"], ["format", "--quiet"]):
            subprocess.run([sys.executable, "-m", "ruff", *step, path], check=True, cwd=root)
        if max(map(len, path.read_text(encoding="utf-8").splitlines())) > _LINE_LENGTH:  # of texts, which stay whole
            path.write_text(f"# ruff: noqa: E501\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    if not data.exists():
        data.parent.mkdir(exist_ok=True)
        data.write_bytes(table.content())
    return [package, test, data]


def _checked_id(table: Table, name: str) -> Inferred:
    cells = table.rows[name]
    if missing := int((cells == "").sum()):
        raise RefusedError(f"{missing:,} rows have no {name}", "fill them, or leave ID out: a row is its content then")
    if len(twice := cells[cells.duplicated()]):
        raise RefusedError(
            f"{name} is no id: {len(twice):,} rows repeat one, {twice.iloc[0]!r} first",
            "leave ID out: a row is known by its content then",
        )
    if all(is_whole(text) and not is_code(text) for text in cells):
        return Inferred(name, kind="whole")
    return Inferred(name, kind="text", max_length=max(200, 2 * int(cells.str.len().max())))
