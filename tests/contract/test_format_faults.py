"""A column written in another format refuses its file, whatever the share of rows; typing errors are bad rows."""

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from itertools import cycle

import pytest

from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetStore, DatasetVersion
from mlops.data.rejection import DatasetRefusedError
from titanic import USE_CASE

Load = Callable[..., DatasetVersion]


@pytest.fixture
def load(datasets: DatasetStore, passenger_list: bytes) -> Load:
    """Load the passenger list, `texts` written in turn over the first cells of a column that fit."""

    def load(column: str, *texts: str, fits: str | None = None, count: int | None = None) -> DatasetVersion:
        header, *rows = csv.reader(StringIO(passenger_list.decode()))
        place = header.index(column)
        chosen = [row for row in rows if fits is None or row[place] == fits][: count or len(texts)]
        for row, text in zip(chosen, cycle(texts), strict=False):
            row[place] = text.format(row[place])
        body = StringIO()
        csv.writer(body).writerows([header, *rows])
        return datasets.load("here", CsvContent(BytesIO(body.getvalue().encode()), USE_CASE), 0.2)

    return load


@pytest.mark.parametrize(
    ("column", "texts", "fits", "count", "named"),
    [
        ("Age", ["unknown"], "", 177, "177 of its 177 bad values are 'unknown'"),
        ("Age", ["n.a."], "", 3, "3 of its 3 bad values are 'n.a.'"),
        ("Age", ["--", "void", "--"], "", 177, "118 of its 177 bad values are '--'"),
        ("Age", ["blank", "black"], "", 20, "10 of its 20 bad values are 'bla"),
        ("Age", ["999"], None, 4, "4 of its 4 bad values are '999'"),
        ("Age", ["22,5", "0,83", "28,5", "70,5", "1,0"], None, 5, "5 of its 5 bad values are written like '"),
        ("Age", ["{} y"], "22", 9, "9 of its 9 bad values are '22 y'"),
        ("Fare", ["$7.25", "$71.28", "$8.05"], None, 30, "30 of its 30 bad values are written like '"),
        ("Fare", ["1.234,50", "7,25", "8,05", "8,46"], None, 40, "30 of its 40 bad values are written like '"),
        ("SibSp", ["12/04/1912", "1/5/1912"], None, 6, "6 of its 6 bad values are written like '"),
        ("Sex", ["Male", "Female"], None, 20, "10 of its 20 bad values are '"),
        ("Embarked", ["Southampton"], "S", 170, "170 of its 170 bad values are 'Southampton'"),
        ("Survived", ["lost"], "0", 90, "90 of its 90 bad values are 'lost'"),
        ("PassengerId", ["P{}"], None, 6, "6 of its 6 bad values are written like 'P"),
    ],
)
def test_one_value_or_one_notation_refuses_the_file(
    load: Load, column: str, texts: list[str], fits: str | None, count: int, named: str
) -> None:
    with pytest.raises(DatasetRefusedError) as refused:
        load(column, *texts, fits=fits, count=count)

    assert f"Column {column} has another format: {named}" in str(refused.value)
    assert len(refused.value.rejections) == count


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ("Age", ["a long time"]),
        ("Age", ["void", "void"]),
        ("Age", ["abc", "2o", "l4", "22..5", "thirty", "??", "30-", "150", "-3", "22,5"]),
        ("Age", ["121", "130", "140", "150", "160", "170", "180"]),
        ("Sex", ["mael", "femal", "Male", "f", "woman", "x", "maile"]),
        ("Pclass", ["4", "5", "11", "22", "I", "first", "0"]),
        ("Pclass", [""] * 50),
        ("Name", [""] * 50),
        ("PassengerId", ["1"] * 50),
    ],
)
def test_typing_errors_gaps_and_repeated_ids_are_bad_rows(load: Load, column: str, texts: list[str]) -> None:
    dataset = load(column, *texts)

    assert dataset.rejected == len(texts) - (column == "PassengerId")
    assert dataset.rows == 891 - dataset.rejected


def test_an_open_choice_and_a_text_have_no_format(datasets: DatasetStore) -> None:
    header = ",".join(["PassengerId", "Survived", *(column.name for column in USE_CASE.kept)])
    rows = [f"{number},1,1,{'N' * (300 if number < 40 else 9)},male,,0,0,,,," for number in range(1, 301)]
    content = CsvContent(BytesIO("\n".join([header, *rows]).encode()), USE_CASE)

    assert datasets.load("here", content, 0.2).rejected == 39
