"""A CSV as it comes, and the copy that this project takes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from new.refusal import RefusedError
from new.table import Table, read_table

Write = Callable[[str | bytes], Path]


def rows(table: Table) -> list[list[str]]:
    return table.rows.to_numpy().tolist()


def test_quoted_commas_line_breaks_and_quotes_are_text(csv: Write) -> None:
    table = read_table(csv('a,"b, c",d\r\n1,"x, ""y""\nz",NA\r\n2,,nan\r\n'))

    assert list(table.rows.columns) == ["a", "b, c", "d"]
    assert rows(table) == [["1", 'x, "y"\nz', "NA"], ["2", "", "nan"]]
    assert table.notes == []
    assert rows(read_table(csv(table.content()))) == rows(table)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"\xef\xbb\xbfa,b\n1,\xc3\xa9\n", ""),
        ("a,b\n1,é\n".encode("utf-16"), "UTF-16"),
        ("a,b\n1,é\n".encode("cp1252"), "Windows-1252"),
        ("a;b\n1;é\n", "semicolons"),
        ("a\tb\n1\té\n", "tabs"),
        ("a|b\n1|é\n", "bars"),
        ("a,b\n\n1,é\n\n", ""),
        ("a,b\r1,é\r", ""),
    ],
)
def test_other_encodings_and_separators_are_converted_and_said(csv: Write, content: str | bytes, note: str) -> None:
    table = read_table(csv(content))

    assert rows(table) == [["1", "é"]]
    assert table.content() == "a,b\r\n1,é\r\n".encode()
    assert note in " ".join(table.notes)
    assert bool(table.notes) == bool(note)


def test_names_are_kept_as_they_are_spelt(csv: Write) -> None:
    table = read_table(csv('"",education.num,class,Größe (m)," padded ","say ""x"""\n1,2,3,4,5,6\n'))

    names = ["Unnamed: 0", "education.num", "class", "Größe (m)", " padded ", 'say "x"']
    assert list(table.rows.columns) == names
    assert "'Unnamed: 0'" in table.notes[0]


def test_spaces_around_cells_are_taken_away(csv: Write) -> None:
    table = read_table(csv("a,b\n39, State-gov\n50,  \n"))

    assert rows(table) == [["39", "State-gov"], ["50", ""]]
    assert table.padded == {"b"}


def test_a_first_column_is_not_taken_for_row_names(csv: Write) -> None:
    table = read_table(csv("a,b\n1,2\n" + "3,4\n" * 8 + "5,6,7\n"))

    assert rows(table)[0] == ["1", "2"]
    assert len(table.rows) == 9
    assert "row 10 first" in table.notes[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a\n1\n2\n", "single column"),
        ("a,b\n1\n2\n3\n", "not the header's|single column"),
        ("a,a\n1,2\n", "more than once"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\x1f\x8brest", "gzip"),
        (b"a,b\n1,\x00\n", "NUL"),
    ],
)
def test_what_is_no_table_is_refused(csv: Write, content: str | bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        read_table(csv(content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="There is no file"):
        read_table(tmp_path / "nothing.csv")
