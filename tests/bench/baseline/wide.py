"""A use case of 60 columns, as `make new` would declare it: half numbers, half categories."""

from mlops.model.table_encoder import TableEncoding
from mlops.use_case import Cell, Column, Derived, Feature, Label, Row, Search, UseCase

COLUMNS = tuple(
    Column(f"number {place}", "decimal", required=False, missing=("NA",))
    if place % 2
    else Column(f"choice.{place}", "choice", choices=("a", "b", "c", "d"), open=True)
    for place in range(60)
)
FEATURES = tuple(
    Feature(column.name, "number" if column.kind == "decimal" else "category", "", (column.name,)) for column in COLUMNS
)


def derive(row: Row) -> Derived:
    return {column.name: row[column.name] for column in COLUMNS}


def row(number: int) -> dict[str, Cell]:
    """One of many different rows."""
    return {
        column.name: (number * (place + 1) % 97) / 10 if column.kind == "decimal" else "abcd"[(number >> place % 7) % 4]
        for place, column in enumerate(COLUMNS)
    }


USE_CASE = UseCase(
    name="wide",
    title="Wide",
    columns=COLUMNS,
    label=Label("label", ("no", "yes")),
    features=FEATURES,
    derive=derive,
    encoding=TableEncoding(FEATURES),
    search=Search({"max_depth": [6]}),
)
