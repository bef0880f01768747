"""One table of cells: what each kind of column makes of a value, from a CSV's text or a JSON body."""

from typing import Any

import pytest

from mlops.data.cells import CellError, label_reason, read_label, reader
from mlops.use_case import Column, Label

WHOLE, DECIMAL = Column("n", "whole"), Column("x", "decimal")
TEXT, SHORT = Column("t", "text"), Column("t", "text", max_length=3)
CLOSED = Column("c", "choice", choices=("yes", "no"))
OPEN = Column("c", "choice", choices=("yes", "no"), open=True, max_length=5)
NUMBERED = Column("c", "choice", choices=(1, 2, 3))
TRUE_OR_FALSE = Column("c", "choice", choices=("True", "False"))
OPTIONAL = Column("n", "whole", required=False, missing=("NA", "?"))
AGE = Column("n", "decimal", low=0, high=120)

TAKEN = [
    *[(WHOLE, text, cell) for text, cell in [("3", 3), ("-1", -1), ("+7", 7), ("007", 7), ("3.", 3), ("3.0", 3)]],
    *[
        (WHOLE, value, cell)
        for value, cell in [(3, 3), (3.0, 3), ("9" * 18, 10**18 - 1), ("-" + "9" * 17, -(10**17 - 1))]
    ],
    *[(DECIMAL, text, cell) for text, cell in [("1e3", 1000.0), ("-1", -1.0), (".5", 0.5), ("5.", 5.0), ("3.0", 3.0)]],
    *[(DECIMAL, value, cell) for value, cell in [("1E-3", 0.001), (2, 2.0), (-2.5, -2.5), ("9" * 40, float("9" * 40))]],
    *[(AGE, value, cell) for value, cell in [("0", 0.0), ("120", 120.0), (120, 120.0), ("0.42", 0.42)]],
    *[(TEXT, text, text) for text in ["yes", " padded ", "NA", "0", "Größe", "=1+1", "é" * 200]],
    (SHORT, "äöü", "äöü"),
    *[(CLOSED, text, text) for text in ["yes", "no"]],
    *[(OPEN, value, cell) for value, cell in [("yes", "yes"), ("maybe", "maybe"), (1, "1"), (1.5, "1.5")]],
    *[(NUMBERED, value, 1) for value in ["1", 1, 1.0]],
    *[(TRUE_OR_FALSE, value, "True") for value in [True, "True"]],
    (TRUE_OR_FALSE, False, "False"),
    *[(OPTIONAL, value, None) for value in [None, "", "  ", "NA", " NA ", "?"]],
    (OPTIONAL, "0", 0),
    (Column("t", "text", required=False, missing=("NA",)), "NAN", "NAN"),
]
REFUSED = [
    *[(WHOLE, text, "is not a whole number") for text in ["3.5", "1e3", "1_000", "1,000", "0x1", "٣", " 3", "3 ", "-"]],
    *[(WHOLE, value, "is not a whole number") for value in ["NaN", "inf", "NA", "0" * 19, 3.5, True, False]],
    *[(WHOLE, value, "is not a whole number") for value in [float("nan"), float("inf"), 10**18, -(10**17), [3], {}]],
    *[(DECIMAL, text, "is not a decimal number") for text in ["NaN", "nan", "inf", "-Infinity", "1e999", "1e3.5"]],
    *[(DECIMAL, value, "is not a decimal number") for value in ["1,5", "1 000", "e3", ".", "0" * 41, True]],
    *[(DECIMAL, value, "is not a decimal number") for value in [float("nan"), float("inf"), -float("inf"), 1e301]],
    *[(AGE, value, "is not a decimal number from 0 to 120") for value in ["-0.1", "120.1", -1, 121, "1e3"]],
    (Column("n", "whole", low=1), "0", "is not a whole number of at least 1"),
    (Column("n", "whole", high=9), "10", "is not a whole number of at most 9"),
    *[(WHOLE, value, "is missing") for value in [None, "", "   "]],
    (Column("t", "text", missing=("?",)), " ? ", "is missing"),
    *[(TEXT, value, "is not text") for value in [1, 1.5, True, ["a"], {"a": 1}]],
    *[(TEXT, value, "is longer than 200 characters") for value in ["a" * 201, "é" * 201]],
    (SHORT, "äöüß", "is longer than 3 characters"),
    *[(column, "a\0b", "holds a NUL character") for column in (TEXT, OPEN)],
    *[(column, "a\ud800b", "holds half of a surrogate pair") for column in (TEXT, OPEN)],
    *[(CLOSED, value, "is not one of yes, no") for value in ["Yes", "yes ", "maybe", "1", 1, True, 1.5, ["yes"]]],
    *[(OPEN, value, "is longer than 5 characters") for value in ["perhaps", 1234567, ["yes"], True]],
    *[(NUMBERED, value, "is not one of 1, 2, 3") for value in ["4", 4, 1.5, "1.0", "one", True, "01", " 1"]],
]  # fmt: skip


def named(value: Any) -> str | None:
    return ascii(value)[:24]


@pytest.mark.parametrize(("column", "value", "cell"), TAKEN, ids=named)
def test_what_a_column_takes(column: Column, value: Any, cell: Any) -> None:
    found = reader(column)(value)

    assert found == cell
    assert type(found) is type(cell)


@pytest.mark.parametrize(("column", "value", "reason"), REFUSED, ids=named)
def test_what_a_column_refuses_and_why(column: Column, value: Any, reason: str) -> None:
    with pytest.raises(CellError) as refused:
        reader(column)(value)
    assert str(refused.value) == reason


LABELS = [
    (("no", "yes"), ["no", "No", "NO", "0", 0], ["yes", "Yes", "YES", "1", 1]),
    (("False", "True"), ["False", "false", "FALSE", "0", 0, False], ["True", "true", "TRUE", "1", 1, True]),
    (("true", "false"), ["true", "True", 0, True], ["false", "False", 1, False]),
    (("0", "1"), ["0", 0], ["1", 1]),
    (("1", "2"), ["1", 0], ["2", 1]),
    (("1", "0"), ["1", 0], ["0", 1]),
    (("<=50K", ">50K"), ["<=50K", "<=50k", "0", 0], [">50K", "1", 1]),
    (("Männlich", "weiblich"), ["Männlich", "männlich", "0"], ["weiblich", "WEIBLICH", "Weiblich", "1"]),
    (("a", "A"), ["a", "0"], ["A", "1"]),
]


@pytest.mark.parametrize(("words", "of_no", "of_yes"), LABELS, ids=lambda each: "/".join(map(str, each[:2])))
def test_a_label_is_read_as_its_word_or_as_its_class(
    words: tuple[str, str], of_no: list[Any], of_yes: list[Any]
) -> None:
    label = Label("y", words)

    assert [read_label(label, value) for value in of_no] == [0] * len(of_no)
    assert [read_label(label, value) for value in of_yes] == [1] * len(of_yes)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("no", "yes"), ["maybe", "", " yes", "y", "true", 2, -1, 1.0, 0.5, None, True, False, ["yes"], "2", "1.0"]),
        (("0", "1"), ["yes", "2", "00", "1.0", True, False, ""]),
        (("1", "2"), ["0", "3", 2]),
    ],
)
def test_any_other_label_is_refused(words: tuple[str, str], values: list[Any]) -> None:
    label = Label("y", words)
    for value in values:
        with pytest.raises(CellError) as refused:
            read_label(label, value)
        assert str(refused.value) == label_reason(label)


def test_the_reason_names_what_a_label_may_be() -> None:
    assert label_reason(Label("y", ("no", "yes"))) == "is not one of no, yes, 0, 1"
    assert label_reason(Label("y", ("1", "2"))) == "is not one of 1, 2"
