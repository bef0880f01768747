"""The header of an uploaded table."""

from dataclasses import replace
from time import process_time

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


LIST = ",".join(NAMES)


@pytest.mark.parametrize(
    ("header", "remedy"),
    [
        (LIST.lower(), "Rename 'passengerid' to 'PassengerId', 'survived' to 'Survived', 'pclass' to 'Pclass', "),
        (LIST.replace("Age", " Age\xa0"), "Rename ' Age\\xa0' to 'Age'"),
        (f"\ufeff{LIST}", "Rename '\\ufeffPassengerId' to 'PassengerId'"),
        (LIST.replace("SibSp", "sib_sp").replace("Parch", "PARCH"), "Rename 'sib_sp' to 'SibSp', 'PARCH' to 'Parch'"),
        (LIST.replace("Pclass", "Class"), "Rename 'Class' to 'Pclass'"),
        (LIST.replace("SibSp", "Siblings/Spouses Aboard"), "Rename perhaps 'Siblings/Spouses Aboard' to 'SibSp'"),
        (LIST.replace("Sex", "Gender"), "Rename perhaps 'Gender' to 'Sex'"),
        ("sep=,", "It is a note to Excel: delete that line"),
        ("", "It is blank: delete that line"),
        (",,,", "It is blank: delete that line"),
        ("# made by R", "It is a comment: delete that line"),
        ('1,0,3,"Braund, Mr. Owen",male,22,1,0,A/5,7.25,,S', "It seems to be a row: write the names of the columns"),
        (LIST.replace("Survived,", ""), "A list without labels is no training data: have it predicted, on the Batch"),
        (LIST.replace("Survived", "Boat"), "A list without labels is no training data"),
        (LIST.replace("Survived,", "").lower(), "'embarked' to 'Embarked'. A list without labels is no training data"),
        (LIST.replace(",", " "), "It is one cell: write the names with commas between them"),
        (f'"{LIST}"', "It is one cell"),
        (LIST.replace("Cabin,", ""), "Add what is missing"),
    ],
)
def test_a_header_with_columns_missing_is_shown_with_a_remedy(header: str, remedy: str) -> None:
    with pytest.raises(DatasetRefusedError) as refused:
        columns_of(header, USE_CASE)

    told = str(refused.value)
    assert told.startswith("Missing column ")
    assert f"the first line must be {LIST}, but is {header!r}. " in told
    assert remedy in told


def test_a_header_of_any_length_is_refused_in_a_moment() -> None:
    began = process_time()
    for header in (",".join(f"column {number}" for number in range(10_000)), ",".join(["x" * 30_000] * 2)):
        with pytest.raises(DatasetRefusedError, match="Missing column"):
            columns_of(header, USE_CASE)
    assert process_time() - began < 2


def test_a_column_may_be_named_like_a_comment() -> None:
    case = replace(USE_CASE, id=None, label=Label("class"), columns=(Column("#"),), features=(), learned_features=())

    assert columns_of("#,class", case) == ["#", "class"]
    with pytest.raises(DatasetRefusedError, match="Rename 'Class' to 'class'"):
        columns_of("#,Class", case)


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        (",".join(NAMES[:-1]), "Missing column Embarked: "),
        (",".join([*NAMES, "Sex", "Age"]), "Column Age, Sex is there more than once"),
        (",".join([*NAMES, "Boat"]), "Unknown column 'Boat': remove it"),
        (",".join([*NAMES, ""]), "Unknown column ''"),
        (";".join(NAMES), "separated by ';': save the file with commas"),
        (";".join(f'"{name}"' for name in NAMES), "separated by ';': save the file with commas"),
        (";".join([*NAMES, "a,b"]), "separated by ';': save the file with commas"),
        ("\t".join(NAMES), r"separated by '\\t'"),
        ("", "Missing column PassengerId"),
    ],
)
def test_any_other_header_is_refused(header: str, complaint: str) -> None:
    with pytest.raises(DatasetRefusedError, match=complaint):
        columns_of(header, USE_CASE)
