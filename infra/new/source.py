"""The Python of a new use case: what was inferred of its table, as a declaration to be edited."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from new import samples
from new.columns import Inferred
from new.label import Classes

_PLAIN_WORDS = frozenset(["yes", "no", "true", "false", "y", "n", "t", "f"])

_DAYS = '''
def days(cell: Cell, form: str = "") -> float | None:
    """Days since 1970 of a date, written in ISO 8601 or in a format of strptime; None if it is none."""
    try:
        moment = datetime.strptime(str(cell), form) if form else datetime.fromisoformat(str(cell))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / 86_400

'''
_AMOUNT = '''
def amount(cell: Cell, mark: str = ".") -> float | None:
    """The number in a text such as $1,234.50 or, where `mark` is a comma, 1.234,50 €; None if there is none."""
    text = str(cell).replace("." if mark == "," else ",", "").replace(mark, ".")
    found = re.search(r"[+-]?[0-9]+[.]?[0-9]*([eE][+-]?[0-9]{1,2})?", text)
    return float(found[0]) if found else None

'''
_TRIMMED = '''
def trimmed(cell: Cell) -> Cell:
    """A text without the spaces around it."""
    return cell.strip(" ") if isinstance(cell, str) else cell

'''


@dataclass(frozen=True)
class Plan:
    """All that is known of a new use case; `rows` are text, and `columns` all but the id and the label."""

    name: str
    source: str
    rows: pd.DataFrame
    columns: Sequence[Inferred]
    id: Inferred | None
    label: str
    classes: Classes
    search: dict[str, Any]

    @property
    def kept(self) -> list[Inferred]:
        return [column for column in self.columns if not column.ignored]

    @property
    def one(self) -> str:
        """One row, as people call it: NAME in the singular, if it looks like a plural."""
        plural = re.fullmatch(r"([a-z]+[^s])s", self.name)
        return re.sub("ie$", "y", plural[1]) if plural else "row"


def use_case(plan: Plan) -> str:
    """The text of the package's `__init__.py`."""
    labelled = sum(plan.classes.rows)
    many = plan.name if plan.one != "row" else "rows"
    title = _title(plan.name)
    lines = [
        f'"""{title}: {_quoted(plan.label)} of {_quoted(plan.source)}, told by {len(plan.kept)} other columns.',
        "",
        "Made by `make new`, works as it is and is meant to be edited: docs/your-own-data.md.",
        '"""',
        "",
        *_imports(plan),
        "COLUMNS = (",
        *(_column(column) for column in plan.columns),
        ")",
        "",
        "# What a model sees, each made by `derive`. A changed meaning is a changed schema: the model is trained anew.",
        "FEATURES = (",
        *(_feature(column) for column in plan.kept),
        ")",
        "",
        *_helpers(plan),
        "def derive(row: Row) -> Derived:",
        '    """The features of one row by their names; None is what is not recorded."""',
        "    return {",
        *(f"        {column.name!r}: {_derived(column)}," for column in plan.kept),
        "    }",
        "",
        "",
        "# Rows of the table to try out.",
        "# fmt: off",
        "EXAMPLES = (",
        *samples.examples(plan.kept, plan.rows, plan.rows[plan.label], plan.classes),
        ")",
        "# fmt: on",
        "",
        "USE_CASE = UseCase(",
        f"    name={plan.name!r},",
        f"    title={title!r},",
        f"    question={f'{_title(plan.label)}: {plan.classes.values[1]}?'!r},",
        f"    summary={f'{labelled:,} rows of {len(plan.columns) + 1} columns.'!r},",
        f"    source={plan.source!r},",
        f"    entity=({plan.one!r}, {many!r}),",
        *([f"    id={_column(plan.id).strip().rstrip(',')},"] if plan.id else []),
        f"    # Class 1 is {_quoted(plan.classes.values[1])}: {plan.classes.why}.",
        f"    label={_label(plan)},",
        "    columns=COLUMNS,",
        "    features=FEATURES,",
        "    derive=derive,",
        "    encoding=TableEncoding(FEATURES),",
        f"    search={_search(plan.search)},",
        "    slices=(",
        *(f"        {each}," for each in samples.slices(plan.kept, plan.rows)),
        "    ),",
        "    examples=EXAMPLES,",
        ")",
        "",
    ]
    return "\n".join(lines)


def test(plan: Plan) -> str:
    """The text of the use case's first test."""
    return f'''"""The use case {plan.name} takes its own table, and encodes alike for training and serving."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from {plan.name} import USE_CASE

from mlops.data.cells import reader
from mlops.use_case import Derived

TABLE = Path(__file__).parents[2] / "data" / "{plan.name}.csv"
INPUTS = [feature for feature in USE_CASE.features if feature.type != "key"]


@pytest.fixture(scope="module")
def features() -> list[Derived]:
    """The features of the table's first rows."""
    read = {{column.name: reader(column) for column in USE_CASE.kept}}
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(500), strict=False)]
    return [USE_CASE.derive({{name: cell(row[name]) for name, cell in read.items()}}) for row in rows]


def test_every_feature_is_derived(features: list[Derived]) -> None:
    assert all(row.keys() == {{feature.name for feature in USE_CASE.features}} for row in features)


def test_training_and_serving_encode_alike(features: list[Derived]) -> None:
    frame = pd.DataFrame(features, dtype=object)
    for feature in INPUTS:
        cells = frame[feature.name]
        is_text = feature.type == "category"
        frame[feature.name] = cells.map(str, na_action="ignore") if is_text else cells.astype(float)

    encoder, matrix = USE_CASE.encoding.fit_transform(frame, np.arange(len(frame)) % 2)

    assert np.isfinite(matrix).all()
    served = np.array([encoder.encode(row) for row in features], dtype=np.float32)
    assert (served == encoder.transform(frame)).all()


def test_a_row_with_nothing_recorded_has_features() -> None:
    assert USE_CASE.derive(dict.fromkeys(column.name for column in USE_CASE.kept))


def test_examples_are_rows_of_the_table() -> None:
    for example in USE_CASE.examples:
        for column in USE_CASE.kept:
            assert reader(column)(example.row[column.name]) == example.row[column.name]
'''


def _imports(plan: Plan) -> Iterator[str]:
    if any(column.mark for column in plan.kept):
        yield "import re"
    if any(column.date is not None for column in plan.kept):
        yield "from datetime import UTC, datetime"
    yield ""
    helped = any(column.mark or column.date is not None or column.padded for column in plan.kept)
    names = ["Column", "Derived", "Example", "Feature", "Label", "Row", "Search", "Slice", "UseCase"]
    yield "from mlops.model.table_encoder import TableEncoding"
    yield f"from mlops.use_case import {', '.join(sorted([*names, *(['Cell'] if helped else [])]))}"
    yield ""


def _helpers(plan: Plan) -> Iterator[str]:
    if any(column.date is not None for column in plan.kept):
        yield _DAYS
    if any(column.mark for column in plan.kept):
        yield _AMOUNT
    if any(column.padded and _is_plain(column) for column in plan.kept):
        yield _TRIMMED
    yield ""


def _is_plain(column: Inferred) -> bool:
    return column.date is None and not column.mark and column.kind in ("choice", "text")


def _derived(column: Inferred) -> str:
    cell = f"row[{column.name!r}]"
    if column.date is not None:
        return f"days({cell}{f', {column.date!r}' if column.date else ''})"
    if column.mark:
        return f"amount({cell}{', mark=' + repr(',') if column.mark == ',' else ''})"
    return f"trimmed({cell})" if column.padded and _is_plain(column) else cell


def _column(column: Inferred) -> str:
    options = [repr(column.name), repr(column.kind), repr(_title(column.name))]
    if column.ignored and column.feature is None and column.why:
        return f"    Column({', '.join([*options, 'ignored=True'])}),  # {_comment(column.why)}"
    if column.choices:
        options += [f"choices={column.choices!r}", "open=True"]
    if column.missing:
        options.append(f"missing={column.missing!r}")
    if not column.required:
        options.append("required=False")
    if column.kind in ("choice", "text") and column.max_length > 200:
        options.append(f"max_length={column.max_length}")
    return f"    Column({', '.join(options)}),"


def _feature(column: Inferred) -> str:
    if column.date is not None:
        meaning = f"Days since 1970 of {column.name}"
    elif column.mark:
        meaning = f"The number in {column.name}"
    else:
        meaning = f"{_title(column.name)}, as in the table"
    options = [repr(column.name), repr(column.feature), repr(meaning), f"({column.name!r},)", repr(_title(column.name))]
    return f"    Feature({', '.join(options)}),"


def _label(plan: Plan) -> str:
    values = plan.classes.values
    words = (
        f", words={values!r}" if not {word.casefold() for word in values} & _PLAIN_WORDS and _are_words(values) else ""
    )
    return f"Label({plan.label!r}, values={values!r}, title={_title(plan.label)!r}{words})"


def _are_words(values: tuple[str, str]) -> bool:
    return all(len(word) > 1 and word[0].isalpha() for word in values)


def _search(search: dict[str, Any]) -> str:
    space = ", ".join(f"{name!r}: {values!r}" for name, values in search["space"].items())
    return f"Search(space={{{space}}}, candidates={search['candidates']}, trees={search['trees']})"


def _title(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").replace(".", " ").split()
    title = " ".join(words) or name
    return title[0].upper() + title[1:]


def _quoted(text: str) -> str:
    """A text for a comment or docstring."""
    return "`" + _comment(text).replace('"""', "'''").replace("\\", "/") + "`"


def _comment(text: str) -> str:
    return json.dumps(" ".join(text.split()), ensure_ascii=False)[1:-1].replace('\\"', '"')
