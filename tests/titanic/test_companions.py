"""Companions: found by ticket and family; nobody's own label is ever among what is told of them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.features.stores import FeatureRow
from mlops.use_case import Cell, Derived
from titanic import USE_CASE
from titanic.companions import FOLDS, Companions, groups, out_of_fold
from titanic.features import derive

NOBODY: dict[str, Cell] = {column.name: None for column in USE_CASE.kept}


def row(name: str, sex: str, **known: Cell) -> Derived:
    return derive({**NOBODY, "Pclass": 3, "SibSp": 0, "Parch": 0, "Name": name, "Sex": sex, **known})


MOTHER = row("Sage, Mrs. John", "female", Age=40.0, Parch=3, Ticket="CA. 2343")
SON = row("Sage, Master. Tom", "male", Age=4.0, SibSp=1, Parch=2, Ticket="CA. 2343")
FATHER = row("Sage, Mr. John", "male", Age=44.0, Parch=3, Ticket="CA. 2343")
COUSIN = row("Sage, Miss. Ada", "female", Age=20.0, SibSp=3, Ticket="another")
STRANGER = row("Rice, Miss. Eve", "female", Age=30.0, Ticket="1")
ROWS = [MOTHER, SON, FATHER, COUSIN, STRANGER]
COMPANIONS = Companions.fit(ROWS, [1, 0, 0, 1, 1])


def of_others(rows: list[Derived], labels: list[int]) -> list[float]:
    return out_of_fold(Companions.fit(rows, labels), rows)


def test_women_and_children_count_and_men_do_not() -> None:
    assert COMPANIONS.usual == 0.75
    daughter = row("Sage, Miss. Daisy", "female", Age=9.0, SibSp=1, Parch=2)
    assert COMPANIONS.of(daughter) == (1 + 0 + 1 - 3 * 0.75) / 4


def test_of_men_the_group_tells_nothing() -> None:
    assert COMPANIONS.of(FATHER) == 0.0


def test_a_companion_by_ticket_and_by_family_is_counted_once() -> None:
    assert COMPANIONS.of(SON) == (1 + 1 - 2 * 0.75) / 3


def test_whoever_is_known_is_not_their_own_companion() -> None:
    assert COMPANIONS.of(MOTHER) == (0 + 1 - 2 * 0.75) / 3
    assert COMPANIONS.of(STRANGER) == 0.0


@pytest.mark.parametrize(
    "stranger", [row("Nobody, Ms. A", "female"), row("Nobody, Ms. A", "female", SibSp=2, Ticket="none")]
)
def test_without_a_known_group_nothing_is_told(stranger: Derived) -> None:
    assert COMPANIONS.of(stranger) == 0.0
    assert COMPANIONS.labels(stranger) == []


def test_without_women_and_children_there_is_no_usual_share() -> None:
    assert Companions.fit([], []).of(MOTHER) == 0.0
    assert Companions.fit([FATHER], [1]).of(MOTHER) == 0.0


def test_it_travels_as_json() -> None:
    written = json.loads(json.dumps({"usual": COMPANIONS.usual, "groups": COMPANIONS.groups}))

    assert Companions.from_json(written) == COMPANIONS


@pytest.mark.parametrize("whole", [22, 22.0])
def test_an_age_is_the_same_age_however_it_is_written(whole: float) -> None:
    companions = Companions.fit([row("A, Miss. B", "female", Age=22.0, Ticket="1")], [1])

    assert companions.of(row("A, Miss. B", "female", Age=whole, Ticket="1")) == 0.0


def test_a_group_is_all_who_are_tied_by_ticket_or_family() -> None:
    """The cousin has another ticket and the same family; the friend has her ticket and another name."""
    friend = row("Rice, Mr. Al", "male", Ticket="ANOTHER")
    keys = groups([FATHER, STRANGER, COUSIN, friend, MOTHER])

    assert keys[0] == keys[2] == keys[3] == keys[4] != keys[1]
    assert groups([friend, MOTHER, COUSIN, FATHER]) == [keys[0]] * 4, "the order does not matter"
    alone = groups([row("A, Mr. B", "male", Age=1.0), row("A, Mr. B", "male", Age=2.0)])
    assert alone[0] != alone[1]


PEOPLE = st.builds(
    row,
    name=st.builds("{}, {}. X".format, st.sampled_from("AB"), st.sampled_from(["Miss", "Master", "Mr"])),
    sex=st.sampled_from(["female", "male"]),
    Age=st.none() | st.integers(0, 3).map(float),
    Parch=st.integers(0, 2),
    Ticket=st.none() | st.sampled_from("12"),
)
LISTS = st.lists(st.tuples(PEOPLE, st.integers(0, 1)), min_size=1, max_size=25)


def with_another_label(labelled: list[tuple[Derived, int]], number: int) -> tuple[list[Derived], list[int], list[int]]:
    rows, labels = [each for each, _ in labelled], [label for _, label in labelled]
    return rows, labels, [1 - label if i == number else label for i, label in enumerate(labels)]


@given(LISTS, st.data())
@settings(deadline=None)
def test_a_training_row_s_own_label_reaches_its_own_value_by_the_usual_share_alone(
    labelled: list[tuple[Derived, int]], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(labelled) - 1))
    rows, labels, other = with_another_label(labelled, number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("titanic.companions.usual_share", lambda *_: 0.5)
        first, second = of_others(rows, labels), of_others(rows, other)

    assert len(first) == len(rows)
    fold = range(number % FOLDS, len(rows), FOLDS)
    assert [first[i] for i in fold] == [second[i] for i in fold]


@given(LISTS, st.data())
@settings(deadline=None)
def test_nor_does_it_through_the_group_when_it_is_looked_up(
    labelled: list[tuple[Derived, int]], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(labelled) - 1))
    rows, labels, other = with_another_label(labelled, number)
    first, second = (Companions.fit(rows, each) for each in (labels, other))

    # The usual share alone is told of everybody: it is of all women and children, not of a group.
    assert Companions(0.5, first.groups).of(rows[number]) == Companions(0.5, second.groups).of(rows[number])


def test_the_usual_share_is_the_same_in_every_fold() -> None:
    """One of each fold would tell a tree the fold, and with it the labels that are not in it."""
    alone = [row(f"Nobody, Miss. {name}", "female", Age=float(age)) for age, name in enumerate("ABCDEFGHIJKLMNOP")]

    assert set(of_others(alone, [age % 2 for age in range(len(alone))])) == {0.0}


def test_on_the_list_families_are_found_and_what_is_told_of_them_is_no_label(feature_rows: list[FeatureRow]) -> None:
    rows, labels = [each.features for each in feature_rows], [each.label for each in feature_rows]

    told = of_others(rows, labels)

    assert 0.6 < Companions.fit(rows, labels).usual < 0.8
    assert sum(abs(difference) > 0.1 for difference in told) > 90


def test_the_men_that_earlier_models_name_tell_nothing() -> None:
    groups = {key: [*members, (7, None)] for key, members in COMPANIONS.groups.items()}
    read = Companions.from_json(json.loads(json.dumps({"usual": COMPANIONS.usual, "groups": groups})))
    assert read == COMPANIONS
