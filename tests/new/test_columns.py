"""What a column is, told by its cells."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from new.columns import Inferred, infer

from mlops.data.cells import CellError, reader
from mlops.use_case import Column


def column(*cells: str, name: str = "x", times: int = 1) -> Inferred:
    return infer(pd.Series(list(cells) * times, name=name, dtype=object))


@pytest.mark.parametrize(
    ("cells", "kind", "feature"),
    [
        (("1", "2", "30"), "whole", "number"),
        (("-5", "0", "12"), "whole", "number"),
        (("22.0", "38.0", ""), "whole", "number"),
        (("0", "1", "1"), "whole", "flag"),
        (("1.5", "2", "-0.25"), "decimal", "number"),
        (("1e-05", "2E3", "1"), "decimal", "number"),
        (("7.9", ".5", "3."), "decimal", "number"),
        (("01234", "12345", "00001"), "choice", "category"),
        (("red", "green", "red"), "choice", "category"),
        (("True", "False", "True"), "choice", "category"),
        (("2024", "2025", "2024"), "whole", "number"),
        (("1", "2", "many"), "choice", "category"),
        (("12 kg", "15 lb", "9 kg"), "choice", "category"),
    ],
)
def test_kinds(cells: tuple[str, ...], kind: str, feature: str) -> None:
    found = column(*cells, times=4)

    assert (found.kind, found.feature) == (kind, feature)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (("1,234", "12", "1,234,567.5"), "."),
        (("$1,200.50", "$3", "$17.25"), "."),
        (("12 kg", "15 kg", "9.5 kg"), "."),
        (("12%", "7.5%", "100%"), "."),
        (("3,14", "2,5", "10"), ","),
        (("1.234,50", "12,00", "7"), ","),
    ],
)
def test_numbers_with_marks_are_read_in_derive(cells: tuple[str, ...], mark: str) -> None:
    found = column(*cells, times=3)

    assert (found.kind, found.feature, found.mark) == ("text", "number", mark)


def test_a_few_odd_cells_among_numbers_are_not_recorded() -> None:
    found = column(*(str(i / 4) for i in range(60)), "broken", ">100", times=2)

    assert (found.kind, found.feature, found.mark) == ("text", "number", ".")
    assert "4 cells such as" in found.why


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (("2024-01-31", "2023-02-01"), ""),
        (("2024-01-31T10:00:00Z", "2024-02-01 11:30"), ""),
        (("31.01.2024", "01.02.2023"), "%d.%m.%Y"),
        (("31/01/2024", "01/02/2023"), "%d/%m/%Y"),
        (("01/31/2024", "01/02/2023"), "%m/%d/%Y"),
        (("5-Jan-2020", "17-Mar-2021"), "%d-%b-%Y"),
        (("2024/01/31 08:15", "2023/02/01 09:00"), "%Y/%m/%d %H:%M"),
    ],
)
def test_dates_become_numbers(cells: tuple[str, ...], form: str) -> None:
    found = column(*cells, "NA", times=3)

    assert (found.kind, found.feature, found.date) == ("text", "number", form)


def test_a_date_whose_day_may_be_its_month_is_not_guessed() -> None:
    found = column(
        *(f"{day:02}/{month:02}/{year}" for day in range(1, 13) for month in (1, 2) for year in (2023, 2024))
    )

    assert found.ignored
    assert "may be" in found.why


def test_missing_cells_are_blank_or_one_of_the_words_that_occur() -> None:
    found = column("1", "NA", "", "?", "2", "nan", "\\N", "-1")

    assert found.missing == ("?", "NA", "\\N", "nan")
    assert found.missing_cells == 5
    assert not found.required
    assert column("1", "2").required
    assert column("a", "None", "b", "a", "b").missing == ("None",)
    assert column(".", "1.5", "inf").missing == (".", "inf")
    assert column("a", ".", "b", "a", ".", "b").missing == ()


@pytest.mark.parametrize(
    ("cells", "name", "why"),
    [
        (["", "NA", "?"], "x", "empty"),
        (["5", "5", "5"], "x", "constant"),
        (["yes", "yes"], "x", "constant"),
        ([f"K-{i}" for i in range(60)], "key", "identifies rows"),
        ([str(7 * i) for i in range(60)], "customer_id", "identifies rows"),
        ([str(7 * i) for i in range(60)], "customerID", "identifies rows"),
        ([str(i) for i in range(60)], "Unnamed: 0", "identifies rows"),
        ([str(i + 1) for i in range(60)], "whatever", "numbers the rows"),
        ([f"a long remark about the case of number {i // 2 * 2 + i % 3}" for i in range(60)], "notes", "free text"),
    ],
)
def test_what_tells_nothing_of_a_row_is_ignored(cells: list[str], name: str, why: str) -> None:
    found = column(*cells, name=name)

    assert found.ignored
    assert why in found.why


def test_what_only_resembles_an_id_is_kept() -> None:
    assert column(*(str(i * 0.7) for i in range(60)), name="body_mass_index").feature == "number"
    assert column(*(str(7 * i) for i in range(60)), name="income").feature == "number"
    assert column(*(str(i % 9) for i in range(60)), name="shop_id").feature == "category"
    assert column("yes", "", "", name="gift").feature == "category"
    assert column(*(f"city {i // 3}" for i in range(90)), name="city").kind == "text"


cells = st.lists(
    st.sampled_from(
        ["", "NA", "None", "-", "1", "-2", "3.5", "1e5", "007", "1,000", "x", "yes", "2024-01-31", '"', "é"]
    )
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).map(lambda text: text.strip(" "))
    | st.integers().map(str)
    | st.floats(allow_nan=False).map(str),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(cells)
def test_whatever_is_inferred_takes_the_cells_it_was_inferred_from(texts: list[str]) -> None:
    found = column(*texts)
    read = reader(
        Column(
            found.name,
            found.kind,
            choices=found.choices,
            open=True,
            missing=found.missing,
            required=found.required,
            max_length=found.max_length,
        )
    )

    if found.ignored:
        return
    known = [cell for cell in map(read, texts) if cell is not None]
    assert len(texts) - len(known) == found.missing_cells
    with pytest.raises(CellError):
        read("x" * 10_000)
