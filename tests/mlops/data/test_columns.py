"""Columns read at once beside the same texts read one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mlops.data.test_cells import REFUSED, TAKEN

from mlops.data import cells
from mlops.data.columns import reader
from mlops.use_case import Cell, Column

COLUMNS = [
    Column("t", "text", max_length=4),
    Column("t", "text", required=False, missing=("NA",)),
    Column("n", "whole"),
    Column("n", "whole", required=False, missing=("99",), low=1, high=120),
    Column("x", "decimal"),
    Column("x", "decimal", required=False, missing=("1.5",), low=0, high=120),
    Column("c", "choice", choices=("yes", "1"), required=False),
]
TEXTS = st.one_of(
    st.text(max_size=5),
    st.text("0123456789.", max_size=5),
    st.text("0123456789.+-eE_ NA", max_size=5),
    st.sampled_from(["", " ", "NA", " NA", "99", "1.5", "9" * 19, "9" * 41, "٣", "a\0", "a\ud800", "\udc00a"]),
)


@given(st.sampled_from(COLUMNS), st.lists(TEXTS, min_size=1, max_size=6))
def test_at_once_is_as_one_by_one(column: Column, texts: list[str]) -> None:
    found = reader(column)(texts)
    if found is not None:
        assert list(map(repr, found)) == [repr(cells.reader(column)(text)) for text in texts]


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, value, _ in TAKEN + REFUSED])
def test_every_text_of_the_table_is_as_one_by_one(column: Column, value: object) -> None:
    if isinstance(value, str):
        test_at_once_is_as_one_by_one.hypothesis.inner_test(column, [value])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("column", "texts", "expected"),
    [
        (COLUMNS[0], ["Éva", " b ", "c,d"], ["Éva", " b ", "c,d"]),
        (COLUMNS[1], ["a", " NA ", ""], ["a", None, None]),
        (COLUMNS[2], ["1", "007"], [1, 7]),
        (COLUMNS[5], ["1", "2.", ".5"], [1.0, 2.0, 0.5]),
    ],
)
def test_plain_texts_are_read_at_once(column: Column, texts: list[str], expected: list[Cell]) -> None:
    found = reader(column)(texts)
    assert found is not None
    assert list(map(repr, found)) == list(map(repr, expected))
