"""Companions: found by ticket and family; a passenger's own label never reaches that passenger's features."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.features.stores import FeatureRow
from mlops.use_case import Derived
from passengers import passenger
from titanic.companions import FOLDS, Companions, out_of_fold
from titanic.features import derive


def row(name: str, sex: str, age: Any = None, sibsp: int = 0, parch: int = 0, ticket: str | None = None) -> Derived:
    return derive(passenger(3, name, sex, Age=age, SibSp=sibsp, Parch=parch, Ticket=ticket))


MOTHER = row("Sage, Mrs. John", "female", age=40.0, parch=3, ticket="CA. 2343")
SON = row("Sage, Master. Tom", "male", age=4.0, sibsp=1, parch=2, ticket="CA. 2343")
FATHER = row("Sage, Mr. John", "male", age=44.0, parch=3, ticket="CA. 2343")
COUSIN = row("Sage, Miss. Ada", "female", age=20.0, sibsp=3, ticket="another")
STRANGER = row("Rice, Miss. Eve", "female", age=30.0, ticket="1")
ROWS = [MOTHER, SON, FATHER, COUSIN, STRANGER]
COMPANIONS = Companions.fit(ROWS, [1, 0, 0, 1, 1])


def test_women_and_children_count_men_only_travel_along() -> None:
    assert COMPANIONS.usual == 0.75
    assert COMPANIONS.of(row("Sage, Miss. Daisy", "female", age=9.0, sibsp=1, parch=2)) == (
        5,
        (1 + 0 + 1 - 3 * 0.75) / 4,
    )


def test_of_men_the_group_tells_nothing() -> None:
    assert COMPANIONS.of(FATHER) == (4, 0.0)


def test_a_companion_by_ticket_and_by_family_is_counted_once() -> None:
    assert COMPANIONS.of(SON) == (4, (1 + 1 - 2 * 0.75) / 3)


def test_whoever_is_known_is_not_their_own_companion() -> None:
    assert COMPANIONS.of(MOTHER) == (4, (0 + 1 - 2 * 0.75) / 3)
    assert COMPANIONS.of(STRANGER) == (1, 0.0)


@pytest.mark.parametrize(
    ("stranger", "size"),
    [(row("Nobody, Ms. A", "female"), 1), (row("Nobody, Ms. A", "female", sibsp=2, ticket="none"), 3)],
)
def test_without_a_known_group_nothing_is_told(stranger: Derived, size: int) -> None:
    assert COMPANIONS.of(stranger) == (size, 0.0)


def test_without_women_and_children_there_is_no_usual_share() -> None:
    assert Companions.fit([], []).of(MOTHER) == (4, 0.0)
    assert Companions.fit([FATHER], [1]).of(MOTHER) == (4, 0.0)


def test_it_travels_as_json() -> None:
    written = json.loads(json.dumps({"usual": COMPANIONS.usual, "groups": COMPANIONS.groups}))

    assert Companions.from_json(written) == COMPANIONS


@pytest.mark.parametrize("whole", [22, 22.0])
def test_an_age_is_the_same_age_however_it_is_written(whole: float) -> None:
    companions = Companions.fit([row("A, Miss. B", "female", age=22.0, ticket="1")], [1])

    assert companions.of(row("A, Miss. B", "female", age=whole, ticket="1")) == (1, 0.0)


PEOPLE = st.builds(
    row,
    name=st.builds("{}, {}. X".format, st.sampled_from("AB"), st.sampled_from(["Miss", "Master", "Mr"])),
    sex=st.sampled_from(["female", "male"]),
    age=st.none() | st.integers(0, 3).map(float),
    parch=st.integers(0, 2),
    ticket=st.none() | st.sampled_from("12"),
)
LISTS = st.lists(st.tuples(PEOPLE, st.integers(0, 1)), min_size=1, max_size=25)


def without_its_own(labelled: list[tuple[Derived, int]], number: int) -> tuple[list[Derived], list[int], list[int]]:
    rows, labels = [each for each, _ in labelled], [label for _, label in labelled]
    other = [1 - label if i == number else label for i, label in enumerate(labels)]
    return rows, labels, other


@given(LISTS, st.data())
@settings(deadline=None)
def test_a_training_row_s_own_label_never_reaches_its_own_values(
    labelled: list[tuple[Derived, int]], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(labelled) - 1))
    rows, labels, other = without_its_own(labelled, number)

    first, second = out_of_fold(rows, labels), out_of_fold(rows, other)

    assert len(first) == len(rows)
    fold = range(number % FOLDS, len(rows), FOLDS)
    assert [first[i] for i in fold] == [second[i] for i in fold]


@given(LISTS, st.data())
@settings(deadline=None)
def test_nor_does_it_through_the_group_when_it_is_looked_up(
    labelled: list[tuple[Derived, int]], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(labelled) - 1))
    rows, labels, other = without_its_own(labelled, number)
    first, second = (Companions.fit(rows, each) for each in (labels, other))

    # The usual share alone is told of everybody: it is of all women and children, not of a group.
    assert Companions(0.5, first.groups).of(rows[number]) == Companions(0.5, second.groups).of(rows[number])


def test_on_the_list_families_are_found_and_what_is_told_of_them_is_no_label(feature_rows: list[FeatureRow]) -> None:
    rows, labels = [each.features for each in feature_rows], [each.label for each in feature_rows]

    told = out_of_fold(rows, labels)

    assert max(size for size, _ in told) == 11  # the Sages
    assert 0.6 < Companions.fit(rows, labels).usual < 0.8
    assert sum(abs(difference) > 0.1 for _, difference in told) > 120
