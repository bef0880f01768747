"""What every dataset store does with a passenger list, good, bad and broken."""

from gzip import compress
from hashlib import sha256
from io import BytesIO

import pytest

from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetStore, DatasetVersion, LabelledRow
from mlops.data.rejection import DatasetRefusedError, Rejection
from mlops.errors import DatasetNotFoundError
from mlops.use_case import Cell
from titanic import USE_CASE

HEADER = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
GOOD = [f'{i},1,3,"Sandström, Miss. Nr {i}",female,4.5,1,1,PP 9549,16.7,G6,S' for i in range(1, 11)]


def content(body: bytes) -> CsvContent:
    return CsvContent(BytesIO(body), USE_CASE)


def passenger(*cells: Cell) -> dict[str, Cell]:
    """A row of the list; what is not given is not recorded."""
    names = [column.name for column in USE_CASE.kept]
    return dict(zip(names, [*cells, *[None] * (len(names) - len(cells))], strict=True))


def load(
    store: DatasetStore, *rows: str, newline: str = "\n", limit: float = 0.2, source: str = "here"
) -> DatasetVersion:
    return store.load(source, content(newline.join([HEADER, *rows]).encode()), limit)


def test_loads_the_whole_passenger_list(datasets: DatasetStore, passenger_list: bytes) -> None:
    dataset = datasets.load("s3://data/raw/titanic.csv", content(passenger_list), 0)

    assert (dataset.source, dataset.rows, dataset.rejected) == ("s3://data/raw/titanic.csv", 891, 0)
    assert datasets.find(dataset.version) == dataset
    assert list(datasets.rejections(dataset.version)) == []
    rows = list(datasets.rows(dataset.version))
    assert [row.row_id for row in rows] == [str(number) for number in range(1, 892)]
    assert rows[0] == LabelledRow(
        "1", 0, passenger(3, "Braund, Mr. Owen Harris", "male", 22.0, 1, 0, "A/5 21171", 7.25, None, "S")
    )
    assert sum(row.label for row in rows) == 342
    assert sum(row.row["Age"] is None for row in rows) == 177


def test_a_packed_list_is_the_same_dataset(datasets: DatasetStore, passenger_list: bytes) -> None:
    packed = datasets.load("packed", content(compress(passenger_list)), 0)

    assert datasets.load("plain", content(passenger_list), 0) == packed
    assert packed.digest == sha256(passenger_list).hexdigest()
    assert packed.schema == USE_CASE.table_hash


def test_an_archive_that_was_cut_short_is_refused(datasets: DatasetStore) -> None:
    lines = b"".join(b"%d,1,1,A,male,%d,0,0,,,,\n" % (number, number**9 % 97) for number in range(1, 50_000))
    packed = compress(HEADER.encode() + b"\n" + lines)
    with pytest.raises(DatasetRefusedError, match="cut short: upload it again, whole"):
        datasets.load("packed", content(packed[:-100]), 0)


def test_what_is_in_a_version_is_measured_and_kept_with_the_one_before(
    datasets: DatasetStore, passenger_list: bytes
) -> None:
    few = load(datasets, *GOOD)
    version = datasets.load("here", content(passenger_list), 0).version

    profile, before = datasets.profiles(version)

    assert profile["rows"] == 891
    columns = profile["columns"]
    assert list(columns) == ["Survived", *(column.name for column in USE_CASE.kept)]
    assert columns["Survived"] == {"missing": 0, "counts": {"0": 549, "1": 342}}
    assert columns["Age"] == {"missing": 177, "low": 0.42, "high": 80, "mean": 29.6991}
    assert columns["Cabin"] == {"missing": 687}
    assert columns["Embarked"] == {"missing": 2, "counts": {"C": 168, "Q": 77, "S": 644}}
    assert before == datasets.profiles(few.version)[0]
    assert datasets.profiles(few.version)[1] is None


def test_the_same_id_in_another_file_is_another_version_s_passenger(datasets: DatasetStore) -> None:
    first, second = load(datasets, *GOOD), load(datasets, *(row.replace("Nr", "Number") for row in GOOD))

    assert second.rejected == 0
    assert next(datasets.rows(first.version)).row["Name"] == "Sandström, Miss. Nr 1"
    assert next(datasets.rows(second.version)).row["Name"] == "Sandström, Miss. Number 1"


def test_a_cell_that_looks_like_a_formula_is_text(datasets: DatasetStore) -> None:
    dataset = load(datasets, *GOOD, "11,1,1,=HYPERLINK(1),male,,0,0,@SUM(A1),,+1-1,")

    *_, last = datasets.rows(dataset.version)
    assert [last.row[name] for name in ("Name", "Ticket", "Cabin")] == ["=HYPERLINK(1)", "@SUM(A1)", "+1-1"]


def test_the_same_bytes_again_change_nothing_and_answer_the_same(datasets: DatasetStore) -> None:
    first = load(datasets, *GOOD, source="first")

    assert load(datasets, *GOOD, source="second") == first
    assert len(list(datasets.rows(first.version))) == 10


def test_bad_rows_are_rejected_with_every_reason_and_the_good_ones_load(datasets: DatasetStore) -> None:
    dataset = load(datasets, *GOOD, "11,2,3,,female,Infinity,1,1,PP,1e5,,X", "-12,1,1,A,male,,0,0,,,,")

    assert (dataset.rows, dataset.rejected) == (10, 2)
    assert list(datasets.rejections(dataset.version)) == [
        Rejection(11, "Age", "Infinity", "is not a decimal number from 0 to 120"),
        Rejection(11, "Embarked", "X", "is not one of C, Q, S"),
        Rejection(11, "Fare", "1e5", "is not a decimal number from 0 to 10000"),
        Rejection(11, "Name", "", "is missing"),
        Rejection(11, "Survived", "2", "is not one of 0, 1"),
        Rejection(12, "PassengerId", "-12", "is not a whole number from 1 to 2147483647"),
    ]


def test_of_rows_with_one_id_the_first_good_one_stays(datasets: DatasetStore) -> None:
    dataset = load(
        datasets, *GOOD, "12,1,9,Bad,male,,0,0,,,,", "12,1,1,Kept,male,,0,0,,,,", "012,1,1,Late,male,,0,0,,,,"
    )

    assert [row.row["Name"] for row in datasets.rows(dataset.version)][-1] == "Kept"
    assert [(each.row, each.reason) for each in datasets.rejections(dataset.version)] == [
        (11, "is not one of 1, 2, 3"),
        (13, "repeats row 12"),
    ]


def test_an_absurdly_long_field_is_rejected_and_quoted_in_short(datasets: DatasetStore) -> None:
    dataset = load(datasets, *GOOD, f"11,1,1,{'x' * 100_000},male,,0,0,,,,")

    assert list(datasets.rejections(dataset.version)) == [
        Rejection(11, "Name", "x" * 200, "is longer than 200 characters")
    ]


def test_too_many_bad_rows_refuse_the_file_and_nothing_is_kept(datasets: DatasetStore) -> None:
    bad = ["x" + row for row in GOOD[:3]]
    file = content("\n".join([HEADER, *GOOD, *bad]).encode())

    with pytest.raises(DatasetRefusedError, match="3 of 13 rows are bad") as refused:
        datasets.load("here", file, 0.2)
    assert [(each.row, each.field, each.value) for each in refused.value.rejections] == [
        (11, "PassengerId", "x1"),
        (12, "PassengerId", "x2"),
        (13, "PassengerId", "x3"),
    ]

    with pytest.raises(DatasetNotFoundError):
        datasets.find(file.version)
    assert load(datasets, *GOOD, *bad, limit=0.25).rejected == 3


def test_an_unknown_version_is_said_to_be_so(datasets: DatasetStore) -> None:
    with pytest.raises(DatasetNotFoundError):
        datasets.find("0123456789abcdef")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_line_end_and_empty_lines_at_the_end(datasets: DatasetStore, newline: str) -> None:
    assert load(datasets, *GOOD, "", "", newline=newline).rows == 10


def test_a_text_may_hold_commas_quotes_and_line_breaks(datasets: DatasetStore) -> None:
    dataset = load(datasets, '1,1,1,"O\'Hara, Mrs. ""Kitty""\nof Cork",female,,0,0,,,,')

    (row,) = datasets.rows(dataset.version)
    assert row.row["Name"] == 'O\'Hara, Mrs. "Kitty"\nof Cork'


def test_columns_are_found_by_name_and_an_empty_text_is_not_recorded(datasets: DatasetStore) -> None:
    text = 'Cabin,Embarked,Fare,Ticket,Parch,SibSp,Age,Sex,Name,Pclass,Survived,PassengerId\n"",,,,0,0,1,male,A,1,0,7'
    dataset = datasets.load("here", content(text.encode()), 0)

    assert list(datasets.rows(dataset.version)) == [LabelledRow("7", 0, passenger(1, "A", "male", 1.0, 0, 0))]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (b"", "no rows"),
        (b"1,1,1,A,male,,0,0,,,,,extra", "cannot be read as CSV"),
        (b"1,1,1,A,male", "cannot be read as CSV"),
        (b"1,1,1,Smith, Mr. John,male,,0,0,,,,", "cannot be read as CSV"),
        (b'1,1,1,"A,male,,0,0,,,,', "cannot be read as CSV"),
        (b"1,1,1,\xe9,male,,0,0,,,,", "not UTF-8"),
        (b"1,1,1,A\0,male,,0,0,,,,", "NUL byte"),
    ],
    ids=["header only", "a field more", "fields missing", "bare comma", "open quote", "latin-1", "NUL"],
)
def test_what_cannot_be_read_is_refused(datasets: DatasetStore, rows: bytes, complaint: str) -> None:
    file = content(HEADER.encode() + b"\n" + rows)

    with pytest.raises(DatasetRefusedError, match=complaint):
        datasets.load("here", file, 1)


def test_all_but_the_newest_and_the_needed_are_forgotten_whole(datasets: DatasetStore) -> None:
    bad = "99,1,9,Bad,female,4,1,1,P,16,G6,S"
    first, second, third = (load(datasets, *GOOD[:count], bad).version for count in (7, 8, 9))

    assert list(datasets.forget(3, [])) == []
    assert list(datasets.forget(1, [first, "unknown"])) == [second]
    assert [len(list(datasets.rows(version))) for version in (first, third)] == [7, 9]
    with pytest.raises(DatasetNotFoundError):
        datasets.find(second)
    assert load(datasets, *GOOD[:8], bad).rows == 8, "what was forgotten can be loaded again"


def test_who_breaks_off_before_the_end_finds_it_all_again(datasets: DatasetStore) -> None:
    first, second = (load(datasets, *GOOD[:count]).version for count in (7, 8))
    names = datasets.forget(0, [])
    next(names)
    names.close()  # type: ignore[attr-defined]

    assert set(datasets.forget(0, [])) == {first, second}
