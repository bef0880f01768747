"""The database's judgement of rows is the row-wise oracle's, whatever the rows hold."""

import csv
from io import BytesIO, StringIO

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.dataset_store import MemoryDatasetStore
from mlops.data.csv_content import CsvContent
from mlops.data.validation import COLUMNS, Column
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore

# What is easily taken for a number, or for a value, by one judge and not by the other.
NUMBERS = """
    0 00 -0 -1 +1 1. .5 . 1.2.3 0.5 1e3 1E400 NaN nan Infinity -inf 0x1F 1_000 1,5 ١٢ 30 31 120 120.0000001 121
    2147483647 2147483648 99999999999 000000000000000000001 0.333333333333333333 0.3333333333333333333
"""
TEXTS = r"""null NULL \N \. Male c C,Q ' " ''; -- =1+1"""
ODD = ["", " ", " 1", "1\n", "\t", "male ", "9" * 400, "é" * 200, "𝄞" * 201]
NASTY = st.sampled_from(NUMBERS.split() + TEXTS.split() + ODD)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


def values(column: Column) -> st.SearchStrategy[str]:
    """Mostly values that the column takes, so that whole rows are good often enough."""
    match column.kind:
        case "choice":
            usual: st.SearchStrategy[str] = st.sampled_from(column.choices)
        case "text":
            usual = st.text("aZ ,.\"'é\n", min_size=1, max_size=12)
        case "whole":
            usual = st.integers(1, 12).map(str)
        case _:
            usual = st.decimals(0, 100, places=2).map(str)
    return st.one_of(*[usual] * 12, NASTY, ANY_TEXT)


ROWS = st.lists(st.tuples(*map(values, COLUMNS)), min_size=1, max_size=12)


@given(ROWS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_oracle_agree(database: Database, rows: list[tuple[str, ...]], quoting: int) -> None:
    text = StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([[column.name for column in COLUMNS], *rows])
    body = text.getvalue().encode()
    answers = []
    for store in (MemoryDatasetStore(), PostgresDatasetStore(database)):
        dataset = store.load("generated", CsvContent(BytesIO(body)), 1)
        version = dataset.version
        answers.append((dataset.rows, dataset.rejected, [*store.rejections(version)], [*store.passengers(version)]))

    assert answers[0] == answers[1]
