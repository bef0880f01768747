"""Records are counted as RFC 4180 has them, whatever portions they come in; what it does not know is refused."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.data.records import RecordCounter
from mlops.data.rejection import DatasetRefusedError

CELLS = st.text('ab,"\r\n \\.', max_size=6)


def counted(body: bytes, portion: int) -> int:
    counter = RecordCounter()
    for start in range(0, len(body), portion):
        counter.add(body[start : start + portion])
    return counter.count


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=5), st.integers(1, 40))
def test_whatever_a_writer_writes_is_counted(rows: list[list[str]], portion: int) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)

    assert counted(text.getvalue().removesuffix("\n").encode(), portion) == len(rows)


@pytest.mark.parametrize("portion", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"1,5'10\"\n2,b\n3,6'1\"\n", 2),
        (b'1,a\n2,say "no"\n', 3),
        (b'1,"a"b\n', 2),
        (b'"a\nb",c"\n', 3),
    ],
)
def test_what_copy_would_misread_is_refused_with_its_line(body: bytes, line: int, portion: int) -> None:
    with pytest.raises(DatasetRefusedError, match=f"Line {line} "):
        counted(body, portion)


@pytest.mark.parametrize("body", [b"1,a\n\\.\n2,b\n", b"1,a\r\n\\.\r\n2,b"])
def test_the_mark_that_ends_a_file_for_postgresql_is_refused(body: bytes) -> None:
    """One that is cut by two blocks is found by the number of rows."""
    with pytest.raises(DatasetRefusedError, match="Line 3 "):
        counted(body, 1000)


@pytest.mark.parametrize("body", [b'1,"a ""b"" c"\n2,""\n3,"x\ny"', b'"a","b"\r\n"c","d"\r\n"e","f"', b"a\rb\rc"])
def test_line_ends_of_every_kind_and_quoted_ones_that_are_none(body: bytes) -> None:
    assert counted(body, 2) == 3
