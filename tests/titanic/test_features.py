"""The derived features: of known passengers, and of any passenger there could be."""

import json

import pytest
from hypothesis import given

from mlops.use_case import Cell
from passengers import PASSENGERS, passenger
from titanic.features import FEATURES, derive, identity, title


@given(PASSENGERS)
def test_any_passenger_has_every_feature_and_it_survives_json(person: dict[str, Cell]) -> None:
    features = derive(person)

    assert list(features) == [feature.name for feature in FEATURES]
    assert json.loads(json.dumps(features)) == features
    assert features["title"] in {"Mr", "Mrs", "Miss", "Master", "Rare"}
    assert features["deck"] in set("ABCDEFGU")
    assert features["is_alone"] == (features["family_size"] == 1)
    assert (features["family_key"] is None) == (features["is_alone"] == 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Braund, Mr. Owen Harris", "Mr"),
        ("Cumings, Mrs. John Bradley (Florence Briggs Thayer)", "Mrs"),
        ("Sagesser, Mlle. Emma", "Miss"),
        ("Palsson, Master. Gosta Leonard", "Master"),
        ("Rothes, the Countess. of (Lucy Noel Martha Dyer-Edwards)", "Rare"),
        ("Uruchurtu, Don. Manuel E", "Rare"),
        ("nobody", "Rare"),
    ],
)
def test_title(name: str, expected: str) -> None:
    assert title(name) == expected


@pytest.mark.parametrize(
    ("cabin", "has_cabin", "deck"),
    [
        (None, 0, "U"),
        ("", 0, "U"),
        ("  ", 0, "U"),
        ("C85", 1, "C"),
        ("b96 B98", 1, "B"),
        ("T", 1, "U"),
        ("F G73", 1, "F"),
    ],
)
def test_cabin(cabin: str | None, has_cabin: int, deck: str) -> None:
    features = derive(passenger(1, "A, Mr. B", "male", Cabin=cabin))

    assert (features["has_cabin"], features["deck"]) == (has_cabin, deck)


def test_keys_find_companions_however_they_are_written() -> None:
    one = derive(passenger(3, "Sage, Mr. George", "male", SibSp=1, Ticket="CA. 2343"))
    other = derive(passenger(3, " SAGE , Miss. Ada", "female", Parch=1, Ticket="ca.2343 "))

    assert (one["ticket_key"], one["family_key"]) == (other["ticket_key"], other["family_key"])
    assert derive(passenger(3, "Sage, Mr. George", "male", Ticket=" "))["ticket_key"] is None


def test_a_passenger_is_known_by_name_and_ticket_however_they_are_written() -> None:
    one = passenger(3, "Sage, Mr. George", Ticket="CA. 2343")

    assert identity(one) == identity(passenger(1, " SAGE,  Mr. george", "female", Age=3.0, Ticket="ca. 2343"))
    assert identity(one) != identity(passenger(3, "Sage, Mr. George", Ticket="2343"))
    assert identity(one) != identity(passenger(3, "Sage, Mr. Fred", Ticket="CA. 2343"))
    assert "\0" not in identity(passenger(3, "Sage\0, Mr. George"))
