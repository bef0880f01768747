"""Titanic's declaration: the names, bounds and examples that its users rely on."""

import pytest

from mlops.data.cells import reader
from mlops.features.stores import FeatureRow
from mlops.model.evaluation import members
from mlops.model.training_set import TrainingSet
from mlops.use_case import Example
from titanic import USE_CASE


def test_fields_and_names_are_those_of_the_first_release() -> None:
    required = [column.name for column in USE_CASE.kept if column.required]
    optional = [column.name for column in USE_CASE.kept if not column.required]

    assert required == ["Pclass", "Name", "Sex", "SibSp", "Parch"]
    assert optional == ["Age", "Ticket", "Fare", "Cabin", "Embarked"]
    assert (USE_CASE.label.key, USE_CASE.batch_key, USE_CASE.name) == ("survived", "passengers", "titanic")
    assert USE_CASE.id is not None
    assert (USE_CASE.id.name, USE_CASE.id.low, USE_CASE.id.high) == ("PassengerId", 1, 2**31 - 1)


@pytest.mark.parametrize("example", USE_CASE.examples, ids=lambda example: example.title)
def test_examples_are_rows_that_every_door_takes(example: Example) -> None:
    names = {column.name for column in USE_CASE.kept}

    assert set(example.row) <= names
    for column in USE_CASE.kept:
        reader(column)(example.row.get(column.name))
    assert example.label in (0, 1)
    assert example.story


def test_each_row_is_in_one_slice_of_each_feature(training_rows: TrainingSet) -> None:
    found = members(USE_CASE.slices, training_rows.features)

    for feature in ("sex", "pclass", "age"):
        positions = [place for (name, _), those in found.items() if name == feature for place in those]
        assert sorted(positions) == list(range(891))
    assert ("age", "not recorded") in found


def test_that_women_survive_is_right_of_four_in_five(feature_rows: list[FeatureRow]) -> None:
    decide = USE_CASE.baselines[0].fit([], [])

    right = sum(decide(row.features) == row.label for row in feature_rows)
    assert right / len(feature_rows) == pytest.approx(0.787, abs=0.001)


def test_groups_of_women_and_children_turn_the_rule_round(feature_rows: list[FeatureRow]) -> None:
    rows = {row.row_id: row.features for row in feature_rows}
    known = [row for row in feature_rows if row.row_id not in ("17", "193")]
    decide = USE_CASE.baselines[1].fit([row.features for row in known], [row.label for row in known])

    assert decide(rows["17"]) == 0, "a boy of a family that was lost"
    assert decide(rows["193"]) in (0, 1)
    lost = {**rows["1"], "sex": "female", "title": "Miss"}
    assert decide(lost) == 1, "a woman of whom nobody else is known"
    assert decide(rows["1"]) == 0


@pytest.mark.parametrize("nothing", ["NA", "NaN", "NULL", "None", "?", "-", "\\N", " ", ""])
def test_nothing_recorded_has_many_spellings(nothing: str) -> None:
    for column in USE_CASE.kept:
        if not column.required:
            assert reader(column)(nothing) is None, column.name
