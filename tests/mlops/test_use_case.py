"""A declaration: what is refused and in which words, and what its hashes are of."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.survey import USE_CASE as SURVEY
from mlops.errors import UseCaseError
from mlops.use_case import FIXED_FIELDS, MAX_COLUMNS, Column, Feature, Label, UseCase, load
from titanic import USE_CASE as TITANIC


def columns(*names: str) -> dict[str, Any]:
    """Changes that leave a use case with these columns, each a feature of its own name."""
    features = tuple(Feature(name, "category", name, (name,)) for name in names)
    return {"columns": tuple(Column(name) for name in names), "features": features, "slices": (), "examples": ()}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (columns(*map(str, range(MAX_COLUMNS - 1))), f"it has {MAX_COLUMNS + 1} columns, at most {MAX_COLUMNS}"),
        (columns("Age", "age"), "columns 'Age' and 'age' differ in nothing but case: rename one, to 'age_2' say"),
        (columns("STRASSE", "straße"), "columns 'STRASSE' and 'straße' differ in nothing but case"),
        (columns("age", "age"), "columns 'age' and 'age'"),
        (columns("Passengerid"), "columns 'PassengerId' and 'Passengerid'"),
        (columns("SURVIVED"), "columns 'Survived' and 'SURVIVED'"),
        ({"label": Label("Survived", ("yes", "yes"))}, "both classes of the label are 'yes'"),
        ({"label": Label("Probability")}, "the label 'probability' is a field of every answer: rename it, to "),
        ({"label": Label("Inputs")}, "the label 'inputs' is a field of every answer"),
        ({"label": Label("at")}, "the label 'at' is a field"),
        ({"features": (Feature("x", "number", "x", ("Boat",)),)}, "feature 'x' is of 'Boat', which is no column that"),
        ({"features": (Feature("x", "number", "x", ("Survived",)),)}, "feature 'x' is of 'Survived', which is no col"),
        ({"learned_features": (Feature("x", "number", "x", ("Boat",)),)}, "feature 'x' is of 'Boat'"),
        ({"learned_features": (Feature("base", "number", "x", ("Age",)),)}, "the feature 'base' is a field of every"),
        ({"learned_features": (Feature("age", "number", "x", ("Age",)),)}, "features 'age' and 'age'"),
        ({"columns": (Column("Age", ignored=True),), "features": (Feature("age", "number", "x", ("Age",)),)}, "'Age'"),
        *((columns(name), f"the feature {name!r} is a field of every answer") for name in sorted(FIXED_FIELDS)),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_work_is_refused_in_words(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UseCaseError) as refused:
        replace(TITANIC, **{"learned_features": (), **change})
    assert str(refused.value).startswith("Use case titanic: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        columns("education.num", "class", "Größe (m)", "Unnamed: 0", "select", "a b", '"', "%s", "{0}", "a\\b"),
        columns(*map(str, range(MAX_COLUMNS - 2))),
        columns("at", "inputs", "row_id"),
        {"id": None},
        {"label": Label("income", ("<=50K", ">50K"))},
        {"label": Label("Y", ("1", "2"))},
    ],
)
def test_odd_names_work(change: dict[str, Any]) -> None:
    case = replace(TITANIC, **{"learned_features": (), **change})

    assert len(case.kept) == len(case.columns)


def test_names_of_fields_and_of_batches() -> None:
    assert (TITANIC.label.key, TITANIC.batch_key) == ("survived", "passengers")
    assert replace(TITANIC, entity=("data row", "data rows")).batch_key == "data_rows"
    assert SURVEY.ignored == ("comment",)
    assert "comment" not in {column.name for column in SURVEY.kept}


def test_classes_without_words_are_called_by_their_values() -> None:
    assert Label("churned", ("no", "yes")).titles == ("churned: no", "churned: yes")
    assert Label("churned", ("no", "yes"), words=("stays", "")).titles == ("stays", "churned: yes")


def changed(case: UseCase, name: str, **rules: Any) -> UseCase:
    """The use case with one column changed."""
    return replace(case, columns=tuple(replace(c, **rules) if c.name == name else c for c in case.columns))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(changed(SURVEY, "education.num", title="Education", description="Years"), id="a column's title"),
        pytest.param(changed(SURVEY, "class", words=("U", "M", "I")), id="words of choices"),
        pytest.param(
            replace(SURVEY, label=replace(SURVEY.label, title="Answer?", words=("-", "+"))), id="label's words"
        ),
        pytest.param(changed(SURVEY, "comment", title="Ignored still"), id="an ignored column"),
        pytest.param(replace(SURVEY, columns=SURVEY.columns[:-1]), id="an ignored column that is gone"),
        pytest.param(replace(SURVEY, title="Poll", question="?", summary="…", entity=("p", "ps")), id="titles"),
        pytest.param(replace(SURVEY, search=replace(SURVEY.search, trees=1), slices=()), id="training"),
        pytest.param(replace(SURVEY, definition=7), id="definition of features"),
    ],
)
def test_words_for_people_leave_the_table(other: UseCase) -> None:
    assert other.table_hash == SURVEY.table_hash


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(changed(SURVEY, "education.num", low=1), id="lower bound"),
        pytest.param(changed(SURVEY, "education.num", high=None), id="upper bound"),
        pytest.param(changed(SURVEY, "education.num", required=False), id="required"),
        pytest.param(changed(SURVEY, "education.num", missing=("NA",)), id="missing tokens"),
        pytest.param(changed(SURVEY, "education.num", kind="decimal"), id="kind"),
        pytest.param(changed(SURVEY, "class", choices=("upper", "middle")), id="choices"),
        pytest.param(changed(SURVEY, "class", open=True), id="open"),
        pytest.param(changed(SURVEY, "city", max_length=21), id="length"),
        pytest.param(changed(SURVEY, "comment", ignored=False), id="no longer ignored"),
        pytest.param(replace(SURVEY, columns=SURVEY.columns[::-1]), id="order"),
        pytest.param(replace(SURVEY, id=Column("id", "whole")), id="an id"),
        pytest.param(replace(SURVEY, label=replace(SURVEY.label, values=("yes", "no"))), id="classes turned round"),
        pytest.param(replace(SURVEY, label=replace(SURVEY.label, name="Reply")), id="label's name"),
    ],
)
def test_other_rules_are_another_table(other: UseCase) -> None:
    assert other.table_hash != SURVEY.table_hash


def test_an_id_is_told_from_a_column_of_the_same_rules() -> None:
    first, *rest = TITANIC.columns
    plain = replace(TITANIC, id=None, columns=(first, *rest))
    by_id = replace(TITANIC, id=first, columns=tuple(rest), features=(), learned_features=())

    assert plain.table_hash != by_id.table_hash


def test_the_schema_is_of_the_features_alone() -> None:
    """Under one hash lie stored features and models: Titanic's must not change, or every state folder trains anew."""
    assert TITANIC.schema_hash == "ac384ae2ea517cf6"
    same = changed(replace(TITANIC, search=replace(TITANIC.search, trees=1), slices=(), title="Ship"), "Age", high=130)
    assert same.schema_hash == TITANIC.schema_hash

    first, *rest = TITANIC.features
    others = [
        replace(TITANIC, definition=2),
        replace(TITANIC, features=tuple(rest)),
        replace(TITANIC, features=(replace(first, type="number"), *rest)),
        replace(TITANIC, features=(replace(first, source=("Sex",)), *rest)),
        replace(TITANIC, features=(replace(first, name="class"), *rest)),
    ]
    assert len({TITANIC.schema_hash, *(other.schema_hash for other in others)}) == 6


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that packages are found in; what was loaded from it is forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["", "Titanic", "1st", "a-b", "../x", "a", "x" * 32, "titanic.features", "été", "a\n"])
def test_a_name_that_no_package_can_have_is_refused(name: str) -> None:
    with pytest.raises(UseCaseError, match="a name is a to z"):
        load(name)


def test_a_use_case_that_is_not_there_is_named_with_the_command_that_makes_one() -> None:
    with pytest.raises(UseCaseError, match="make new NAME=nowhere_to_be_found"):
        load("nowhere_to_be_found")


@pytest.mark.parametrize(
    ("source", "reason"),
    [("", "declares no USE_CASE"), ("USE_CASE = 'churn'", "is str, not UseCase")],
)
def test_a_package_that_declares_none_is_named(packages: Path, source: str, reason: str) -> None:
    (packages / "churn_tried.py").write_text(source)

    with pytest.raises(UseCaseError, match=f"churn_tried.*{reason}"):
        load("churn_tried")


def test_an_import_that_fails_inside_a_use_case_is_not_hidden(packages: Path) -> None:
    (packages / "churn_tried.py").write_text("import nowhere_to_be_found")

    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        load("churn_tried")


def test_the_first_use_case_is_loaded_by_name() -> None:
    assert load("titanic") is TITANIC
