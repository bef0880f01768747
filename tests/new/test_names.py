"""Names that a use case, and its columns, may have."""

from pathlib import Path

import pytest
from new.names import check_columns, check_field, check_name
from new.refusal import RefusedError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["churn", "churn_2", "ab", "a" * 31, "loans2024"])
def test_names_that_are_free(name: str) -> None:
    check_name(name, ROOT)


@pytest.mark.parametrize("name", ["a", "", "Churn", "2churn", "churn-2", "a" * 32, "chürn", "churn/..", "_churn"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(RefusedError, match="no name"):
        check_name(name, ROOT)


@pytest.mark.parametrize(
    "name",
    [
        *("json", "email", "site", "numpy", "sklearn", "redis", "pydantic", "yaml", "rich", "psycopg2"),
        *("mlops", "handler", "api", "bodies", "contract", "local", "clouds"),
    ],
)
def test_names_that_would_hide_a_module(name: str) -> None:
    with pytest.raises(RefusedError, match=r"would hide|is there already"):
        check_name(name, ROOT)


def test_nothing_is_overwritten(checkout: Path) -> None:
    with pytest.raises(RefusedError, match="functions/titanic is there already"):
        check_name("titanic", ROOT)
    (checkout / "examples/churn").mkdir()
    with pytest.raises(RefusedError, match="examples/churn is there already"):
        check_name("churn", checkout)


def test_columns_alike_but_for_case_are_refused() -> None:
    with pytest.raises(RefusedError, match=r"'Age' and 'age' differ .*\n  → rename one, to 'age_2'"):
        check_columns(["Age", "sex", "age"])


def test_more_than_200_columns_are_refused() -> None:
    check_columns([f"c{i}" for i in range(200)])
    with pytest.raises(RefusedError, match="201 columns"):
        check_columns([f"c{i}" for i in range(201)])


def test_fields_of_every_answer_are_refused() -> None:
    with pytest.raises(RefusedError, match="'probability' is a field of every answer"):
        check_field("label", "probability")
    check_field("feature", "age")
