"""Any row there could be, for property tests: of a use case, and of Titanic."""

from hypothesis import strategies as st

from mlops.use_case import Cell, Column, UseCase
from titanic import USE_CASE

# NUL is in no table: PostgreSQL does not take it, and a file with it is refused.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NAMES = st.one_of(TEXT, st.builds("{}, {}. {}".format, TEXT, TEXT, TEXT))


def cells(column: Column) -> st.SearchStrategy[Cell]:
    """What a column may hold, None where it may be missing."""
    low, high = column.low, column.high
    known: st.SearchStrategy[Cell]
    match column.kind:
        case "choice":
            known = st.sampled_from(column.choices)
        case "whole":
            known = st.integers(None if low is None else int(low), None if high is None else int(high))
        case "decimal":
            known = st.floats(low, high, allow_nan=False, allow_infinity=False)
        case _:
            known = NAMES.filter(str.strip)
    return known if column.required else st.none() | known


def rows(case: UseCase) -> st.SearchStrategy[dict[str, Cell]]:
    """Rows of a use case."""
    return st.fixed_dictionaries({column.name: cells(column) for column in case.kept})


PASSENGERS = rows(USE_CASE)


def passenger(pclass: int = 3, name: str = "Braund, Mr. Owen", sex: str = "male", **cells: Cell) -> dict[str, Cell]:
    """One passenger's row; of the other columns only these are recorded, and nobody else of the family is aboard."""
    unknown: dict[str, Cell] = {column.name: None for column in USE_CASE.kept}
    return {**unknown, "Pclass": pclass, "Name": name, "Sex": sex, "SibSp": 0, "Parch": 0, **cells}
