"""The derived features: of known passengers, and of any passenger there could be."""

import json

import pytest
from hypothesis import given

from passengers import PASSENGERS
from titanic.features import REGISTRY, derive, title
from titanic.passenger import Passenger


@given(PASSENGERS)
def test_any_passenger_has_every_feature_and_it_survives_json(passenger: Passenger) -> None:
    features = derive(passenger)

    assert list(features) == [feature.name for feature in REGISTRY]
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
    features = derive(Passenger(1, "A, Mr. B", "male", cabin=cabin))

    assert (features["has_cabin"], features["deck"]) == (has_cabin, deck)


def test_keys_find_companions_however_they_are_written() -> None:
    one = derive(Passenger(3, "Sage, Mr. George", "male", sibsp=1, ticket="CA. 2343"))
    other = derive(Passenger(3, " SAGE , Miss. Ada", "female", parch=1, ticket="ca.2343 "))

    assert (one["ticket_key"], one["family_key"]) == (other["ticket_key"], other["family_key"])
    assert derive(Passenger(3, "Sage, Mr. George", "male", ticket=" "))["ticket_key"] is None
