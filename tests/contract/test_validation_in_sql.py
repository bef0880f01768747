"""The database's judgement of rows is the row-wise oracle's, whatever the rows hold and whatever the use case."""

import csv
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import titanic
from fakes import survey
from fakes.dataset_store import MemoryDatasetStore
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetVersion, LabelledRow
from mlops.data.rejection import DatasetRefusedError, Rejection
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.use_case import Column, Label, UseCase

SURVEY = survey.USE_CASE
WITH_ID = replace(SURVEY, name="members", id=Column("Mitglied Nr.", "text", max_length=20))
BOOLEAN = replace(SURVEY, name="truths", label=Label("Answer", ("False", "True")))
# What is easily taken for a number, or for a value, by one judge and not by the other.
NUMBERS = """
    0 00 -0 -1 +1 1. .5 . 1.2.3 0.5 1e3 1E400 NaN nan Infinity -inf 0x1F 1_000 1,5 ١٢ 30 31 120 120.0000001 121
    2147483647 2147483648 99999999999 000000000000000000001 0.333333333333333333 0.3333333333333333333
    3.0 3. 3.00 -3.0 3.5 +3.0 3.0e0 1e-5 1E+02 1e100 1e-99 9e99 2.5E1 e5 1e 1e+ -0.0 -3.0000001 20.0 20.5 21
    999999999999999999 9999999999999999999 1000000000000000.0 0.1e1 123456789012345678.0
"""
TEXTS = r"""null NULL \N \. Male c C,Q ' " ''; -- =1+1 NA na ? % %s {} yes Yes YES no True true 1 0 it's"""
ODD = [
    "",
    " ",
    " 1",
    "1\n",
    "\t",
    "male ",
    "9" * 400,
    "é" * 200,
    "𝄞" * 201,
    " NA",
    "NA ",
    " ? ",
    "  ",
    "\xa0",
    "é" * 21,
]
NASTY = st.sampled_from(NUMBERS.split() + TEXTS.split() + ODD)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


def values(column: Column) -> st.SearchStrategy[str]:
    """Mostly values that the column takes, so that whole rows are good often enough."""
    match column.kind:
        case "choice":
            usual: st.SearchStrategy[str] = st.sampled_from(list(map(str, column.choices)))
        case "text":
            usual = st.text("aZ ,.\"'é\n", min_size=1, max_size=12)
        case "whole":
            usual = st.integers(1, 12).map(str)
        case _:
            usual = st.decimals(0, 100, places=2).map(str)
    missing = [st.sampled_from(["", *column.missing])] * (0 if column.required else 2)
    return st.one_of(*[usual] * 12, *missing, NASTY, ANY_TEXT)


def tables(case: UseCase) -> st.SearchStrategy[list[list[str]]]:
    """A header in any order, and rows."""
    label = st.one_of(*[st.sampled_from(case.label.values)] * 12, NASTY)
    cells = {case.label.name: label, **{column.name: values(column) for column in case.columns}}
    if case.id:
        cells[case.id.name] = values(case.id)
    return st.permutations(list(cells)).flatmap(
        lambda header: st.lists(st.tuples(*(cells[name] for name in header)).map(list), min_size=1, max_size=12).map(
            lambda rows: [header, *rows]
        )
    )


def written(table: list[list[str]], quoting: Any = csv.QUOTE_MINIMAL) -> bytes:
    text = StringIO()
    csv.writer(text, quoting=quoting, lineterminator="\n").writerows(table)
    return text.getvalue().encode()


def loaded(
    case: UseCase, database: Database, body: bytes
) -> list[tuple[DatasetVersion, list[Rejection], list[LabelledRow], Any]]:
    """What the oracle and PostgreSQL make of a file; nothing if both find a format fault."""
    found: list[tuple[DatasetVersion, list[Rejection], list[LabelledRow], Any]] = []
    refused = 0
    for store in (MemoryDatasetStore(case), PostgresDatasetStore(database, case)):
        try:
            version = store.load("generated", CsvContent(BytesIO(body), case), 1)
        except DatasetRefusedError as error:
            refused += "has another format" in str(error)
            continue
        name = version.version
        profile, _ = store.profiles(name)
        found.append((version, [*store.rejections(name)], [*store.rows(name)], profile))
    assert refused in (0, 2)
    return found


def agreed(case: UseCase, database: Database, body: bytes) -> tuple[list[Rejection], list[LabelledRow]]:
    """What both make of a file; where a table has no id, the ids themselves are each store's own."""
    found = loaded(case, database, body)
    if not found:
        reject()
    (oracle, faults, rows, profile), (version, sql_faults, sql_rows, sql_profile) = found
    assert (version.rows, version.rejected, version.digest) == (oracle.rows, oracle.rejected, oracle.digest)
    assert sql_faults == faults
    if case.id:
        assert sql_rows == rows
    else:
        assert len({row.row_id for row in sql_rows}) == len(sql_rows)
        assert sorted((row.label, repr(row.row)) for row in sql_rows) == sorted((r.label, repr(r.row)) for r in rows)
    assert sql_profile["rows"] == profile["rows"]
    for name, column in profile["columns"].items():
        ours = sql_profile["columns"][name]
        assert {**ours, "mean": None} == {**column, "mean": None}, name
        if column.get("mean") is None:
            assert ours.get("mean") is None, name
        else:
            assert ours["mean"] == pytest.approx(column["mean"], rel=1e-6, abs=1e-3), name
    return sql_faults, sql_rows


@pytest.mark.one_engine
@pytest.mark.parametrize("case", [titanic.USE_CASE, SURVEY, WITH_ID, BOOLEAN], ids=lambda case: case.name)
@given(st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_oracle_agree(database: Database, case: UseCase, data: st.DataObject) -> None:
    table = data.draw(tables(case))
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))

    agreed(case, database, written(table, quoting))


def test_cells_of_odd_columns_come_back_as_what_they_are(database: Database) -> None:
    faults, rows = agreed(SURVEY, database, written(survey.lines(400)))

    assert faults == []
    assert len(rows) == 400
    known = {row.row["Unnamed: 0"]: row for row in rows if row.row["Unnamed: 0"] is not None}
    assert known[1].row == {
        "education.num": 7,
        "class": "middle",
        "Größe (m)": 1.675,
        "Unnamed: 0": 1,
        survey.QUOTED: None,
        "city": "Paris",
        "member": "False",
    }
    assert (known[2].row[survey.QUOTED], known[2].row["city"], known[8].row["Größe (m)"]) == ('x, "y"', "Łódź", None)
    assert all(isinstance(row.row["education.num"], int) for row in rows)


def test_an_ignored_column_may_be_absent_and_is_never_kept(database: Database) -> None:
    table = survey.lines(20)
    place = table[0].index("comment")
    _, rows = agreed(SURVEY, database, written([row[:place] + row[place + 1 :] for row in table]))

    assert len(rows) == 20
    assert all("comment" not in row.row for row in rows)


def test_rows_without_an_id_are_named_by_content_and_repeated_ones_are_kept(database: Database) -> None:
    header, one, other, *_ = survey.lines(3)
    in_another_place = list(reversed(one))
    _, rows = agreed(SURVEY, database, written([header, one, other, one, one]))
    names = sorted(row.row_id for row in rows if row.row["education.num"] == 0)

    digests, occurrences = zip(*(name.split(".") for name in names), strict=True)
    assert len(set(digests)) == 1
    assert occurrences == ("1", "2", "3")
    # Wherever a row stands, in whatever order of columns, among whatever others: it has the same name.
    _, elsewhere = agreed(SURVEY, database, written([list(reversed(header)), list(reversed(other)), in_another_place]))
    assert {row.row_id for row in elsewhere} <= {row.row_id for row in rows}


def test_a_row_without_a_label_is_quarantined(database: Database) -> None:
    header, *rows = survey.lines(10)
    place = header.index("Answer")
    rows[3][place] = ""
    rows[5][place] = "maybe"

    faults, kept = agreed(SURVEY, database, written([header, *rows]))

    assert faults == [
        Rejection(4, "Answer", "", "is missing"),
        Rejection(6, "Answer", "maybe", "is not one of no, yes, 0, 1"),
    ]
    assert len(kept) == 8


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (Label("Answer", ("no", "yes")), {"no": 0, "NO": 0, "No": 0, "yes": 1, "Yes": 1, "0": 0, "1": 1}),
        (Label("Answer", ("False", "True")), {"False": 0, "false": 0, "TRUE": 1, "1": 1}),
        (Label("Answer", ("1", "0")), {"1": 0, "0": 1}),
        (Label("Answer", ("2", "1")), {"2": 0, "1": 1}),
        (Label("Answer", ("it's", '%s "x"')), {"it's": 0, '%s "x"': 1}),
    ],
)
def test_a_label_is_the_word_or_its_class(database: Database, label: Label, words: dict[str, int]) -> None:
    case = replace(SURVEY, label=label)
    header, row = survey.lines(1)
    place, number = header.index("Answer"), header.index("Unnamed: 0")
    table = [header]
    for count, word in enumerate(words):
        row = row.copy()
        row[place], row[number] = word, str(count)
        table.append(row)

    faults, rows = agreed(case, database, written(table))

    assert faults == []
    assert {row.row["Unnamed: 0"]: row.label for row in rows} == dict(enumerate(words.values()))


def test_a_text_id_repeated_stays_once(database: Database) -> None:
    table = [
        ["Mitglied Nr.", *survey.HEADER],
        *([f"№ {number % 5}", *row] for number, row in enumerate(survey.lines(8)[1:])),
    ]

    faults, rows = agreed(WITH_ID, database, written(table))

    assert [(each.row, each.field, each.value, each.reason) for each in faults] == [
        (6, "Mitglied Nr.", "№ 0", "repeats row 1"),
        (7, "Mitglied Nr.", "№ 1", "repeats row 2"),
        (8, "Mitglied Nr.", "№ 2", "repeats row 3"),
    ]
    assert [row.row_id for row in rows] == [f"№ {number}" for number in range(5)]


def test_another_declaration_of_a_use_case_has_a_table_of_its_own(database: Database) -> None:
    """A release before may serve on: the rows that it judged stay as they are, side by side with the new ones."""
    wider = replace(SURVEY, columns=tuple(replace(c, required=False) for c in SURVEY.columns))
    header, *rows = survey.lines(10)
    rows[0][header.index("education.num")] = "NA"
    body = written([header, *rows])
    assert wider.table_hash != SURVEY.table_hash

    (_, strict_faults, _, _), (strict, *_) = loaded(SURVEY, database, body)
    _, (lenient, *_) = loaded(wider, database, body)

    assert (strict.version, strict.rows, strict.schema) == (lenient.version, 9, SURVEY.table_hash)
    assert (lenient.rows, lenient.schema) == (10, wider.table_hash)
    first, second = PostgresDatasetStore(database, SURVEY), PostgresDatasetStore(database, wider)
    assert first.find(strict.version) == strict
    assert [*first.rejections(strict.version)] == strict_faults == [Rejection(1, "education.num", "NA", "is missing")]
    assert [*second.rejections(strict.version)] == []
    assert (len([*first.rows(strict.version)]), len([*second.rows(strict.version)])) == (9, 10)
    assert second.profiles(strict.version)[1] is None, "no version of this declaration came before"
