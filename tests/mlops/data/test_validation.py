"""The header of a list, and the sentences that its rows are rejected with."""

import pytest

from mlops.data.validation import COLUMNS, columns_of
from mlops.errors import DatasetRefusedError
from titanic.passenger import FIELDS

NAMES = [column.name for column in COLUMNS]


def test_the_columns_are_those_of_a_passenger_with_id_and_label() -> None:
    assert ["PassengerId", "Survived", *FIELDS] == NAMES


def test_any_order_is_taken() -> None:
    assert columns_of(",".join(reversed(NAMES))) == NAMES[::-1]
    assert columns_of(",".join(f'"{name}"' for name in NAMES)) == NAMES


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
        columns_of(header)
