"""What was inferred, for people: a table of the columns, and what they should know of the rest."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from new.columns import Inferred
from new.source import Plan
from new.table import Table

# A class of so few rows makes a model and its figures uncertain.
_FEW = 30


def show(plan: Plan, table: Table, console: Console) -> None:
    """Print the report: a table on a terminal, plain lines elsewhere."""
    for note in table.notes:
        console.print(f"· {plan.source}: {note}", markup=False, highlight=False)
    declared = [(column, _as_declared(column), column.why) for column in plan.columns]
    if console.is_terminal:
        grid = Grid("column", "declared", "not recorded", "why")
        for column, kind, why in declared:
            style = "dim" if column.ignored else ""
            grid.add_row(*map(escape, (column.name, kind, _missing(column), why)), style=style)
        console.print(grid)
    else:
        for column, kind, why in declared:
            parts = [part for part in (kind, _missing(column), why) if part]
            console.print(f"  {column.name}: {'; '.join(parts)}", markup=False, highlight=False, soft_wrap=True)
    for line in _lines(plan):
        console.print(f"· {line}", markup=False, highlight=False, soft_wrap=True)


def _as_declared(column: Inferred) -> str:
    if column.ignored:
        return "ignored"
    return column.kind if column.kind != "choice" else f"choice of {len(column.choices)}"


def _missing(column: Inferred) -> str:
    if not column.missing_cells:
        return ""
    tokens = ", ".join(map(repr, column.missing))
    return f"{column.missing_cells:,} cells not recorded{f', also written {tokens}' if tokens else ''}"


def _lines(plan: Plan) -> Iterator[str]:
    (no, yes), (negative, positive) = plan.classes.values, plan.classes.rows
    yield f"Class 1 of {plan.label!r} is {yes!r} ({positive:,} rows): {plan.classes.why}"
    yield f"Class 0 is {no!r} ({negative:,} rows)"
    if plan.classes.unlabelled:
        yield f"{plan.classes.unlabelled:,} rows have no label: they are set aside when the file is loaded"
    if min(positive, negative) < _FEW:
        yield f"Only {min(positive, negative)} rows are of one class: expect wide intervals, and maybe no champion"
    if {no, yes} & {"0", "1"} and (no, yes) != ("0", "1") and (yes == "0" or no == "1"):
        yield "In JSON the numbers 0 and 1 are the classes, the label's own words are text in quotes"
    if ignored := [column.name for column in plan.columns if column.ignored]:
        yield f"Ignored: {', '.join(ignored)}"
    if plan.id is None and (ids := [column.name for column in plan.columns if column.why.startswith("it identifies")]):
        yield f"Rows are known by their content; ID={ids[0]} would know them by that column"
    if any(token.casefold() == "none" for column in plan.kept if column.choices for token in column.missing):
        yield "'None' is taken as not recorded; if it is a value of its own, remove it from `missing`"
