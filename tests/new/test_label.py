"""The two classes of a label, and which of them is 1."""

import pandas as pd
import pytest
from new.label import Classes, classes
from new.refusal import RefusedError


def of(counts: dict[str, int], positive: str = "") -> Classes:
    cells = [word for word, count in counts.items() for _ in range(count)]
    return classes(pd.Series(cells, name="label", dtype=object), positive)


@pytest.mark.parametrize(
    ("counts", "values"),
    [
        ({"yes": 70, "no": 30}, ("no", "yes")),
        ({"True": 70, "False": 30}, ("False", "True")),
        ({"1": 70, "0": 30}, ("0", "1")),
        ({"1.0": 70, "0.0": 30}, ("0.0", "1.0")),
        ({"1": 70, "2": 30}, ("2", "1")),
        ({"1": 10, "-1": 30}, ("-1", "1")),
        ({"0": 30, "2": 70}, ("0", "2")),
        ({"good": 70, "bad": 30}, ("good", "bad")),
        ({"a": 50, "b": 50}, ("a", "b")),
        ({"-": 50, "+": 40}, ("-", "+")),
    ],
)
def test_class_1_says_yes_or_is_the_rarer(counts: dict[str, int], values: tuple[str, str]) -> None:
    assert of(counts).values == values


def test_positive_chooses() -> None:
    assert of({"good": 70, "bad": 30}, "good").values == ("bad", "good")
    assert of({"Good": 70, "Bad": 30}, "good").values == ("Bad", "Good")
    assert of({"1": 70, "2": 30}, "2").values == ("1", "2")


def test_rows_without_a_label_are_counted() -> None:
    found = of({"yes": 10, "no": 20, "": 3, "NA": 2})

    assert (found.rows, found.unlabelled) == ((20, 10), 5)


@pytest.mark.parametrize(
    ("counts", "positive", "reason"),
    [
        ({"a": 5, "b": 5, "c": 5}, "", "3 classes: 'a' \\(5\\)"),
        ({"a": 5}, "", "1 classes"),
        ({"": 5, "NA": 3}, "", "0 classes"),
        ({"1": 5, "0": 5}, "0", "POSITIVE=0"),
        ({"yes": 5, "no": 5}, "maybe", "'maybe' is no class"),
    ],
)
def test_anything_but_two_classes_is_refused(counts: dict[str, int], positive: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        of(counts, positive)
