"""The header of an uploaded table."""

from dataclasses import replace

import pytest

from mlops.data.header import columns_of, expected
from mlops.data.rejection import DatasetRefusedError
from mlops.use_case import Column, Label
from titanic import USE_CASE

NAMES = expected(USE_CASE)


def test_a_file_must_have_the_id_the_label_and_every_column_that_is_kept() -> None:
    assert [
        *("PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin"),
        "Embarked",
    ] == NAMES
    assert expected(replace(USE_CASE, id=None)) == NAMES[1:]


def test_any_order_is_taken() -> None:
    assert columns_of(",".join(reversed(NAMES)), USE_CASE) == NAMES[::-1]
    assert columns_of(",".join(f'"{name}"' for name in NAMES), USE_CASE) == NAMES


def test_names_may_hold_commas_quotes_and_any_letter() -> None:
    names = ["Größe (m)", "Unnamed: 0", "education.num", 'a "quoted", one']
    columns = tuple(Column(name) for name in names)
    case = replace(USE_CASE, id=None, label=Label("class"), columns=columns, features=(), learned_features=())

    assert columns_of('class,Größe (m),Unnamed: 0,education.num,"a ""quoted"", one"', case) == ["class", *names]


def test_ignored_columns_may_be_there_and_need_not() -> None:
    case = replace(USE_CASE, columns=(*USE_CASE.columns, Column("Boat", ignored=True)))

    assert expected(case) == NAMES
    assert columns_of(",".join(NAMES), case) == NAMES
    assert columns_of(",".join(["Boat", *NAMES]), case) == ["Boat", *NAMES]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        (",".join(NAMES[:-1]), "Missing column Embarked: "),
        (",".join([*NAMES, "Sex", "Age"]), "Column Age, Sex is there more than once"),
        (",".join([*NAMES, "Boat"]), "Unknown column 'Boat': remove it"),
        (",".join([*NAMES, ""]), "Unknown column ''"),
        (";".join(NAMES), "separated by ';': save the file with commas"),
        ("\t".join(NAMES), r"separated by '\\t'"),
        ("", "Missing column PassengerId"),
    ],
)
def test_any_other_header_is_refused(header: str, complaint: str) -> None:
    with pytest.raises(DatasetRefusedError, match=complaint):
        columns_of(header, USE_CASE)
