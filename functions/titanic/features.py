"""The one definition of the features: what a model sees of a passenger, for training and serving alike.

`derive` is the first of two stages, stateless and row-level, so there is nothing in it to skew. Whatever must be
learnt from other rows (medians, modes, group statistics) is the Encoder's.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from titanic.passenger import Passenger


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry of the feature registry: what it means, the list's columns it comes from, the file that owns it."""

    name: str
    type: str
    meaning: str
    source: tuple[str, ...]
    owner: str = "functions/titanic/features.py"


REGISTRY: tuple[Feature, ...] = (
    Feature("pclass", "category", "Ticket class: 1, 2 or 3", ("Pclass",)),
    Feature("sex", "category", "female or male", ("Sex",)),
    Feature("title", "category", "Form of address in the name: Mr, Mrs, Miss, Master or Rare", ("Name",)),
    Feature("age", "number", "Age in years", ("Age",)),
    Feature("sibsp", "number", "Siblings and spouses aboard", ("SibSp",)),
    Feature("parch", "number", "Parents and children aboard", ("Parch",)),
    Feature("family_size", "number", "The passenger and all relatives aboard", ("SibSp", "Parch")),
    Feature("is_alone", "flag", "1 if no relative is aboard", ("SibSp", "Parch")),
    Feature("fare", "number", "Price of the ticket in pounds", ("Fare",)),
    Feature("has_cabin", "flag", "1 if a cabin is recorded", ("Cabin",)),
    Feature("deck", "category", "Deck letter of the first cabin: A to G, or U for unknown", ("Cabin",)),
    Feature("embarked", "category", "Port: C Cherbourg, Q Queenstown, S Southampton", ("Embarked",)),
    Feature("ticket_key", "key", "Ticket number, to find those who travel on the same one", ("Ticket",)),
    Feature("family_key", "key", "Surname and class, to find relatives", ("Name", "Pclass", "SibSp", "Parch")),
)

# Changing a feature's definition without its name is a change of schema too: raise this number.
DEFINITION = 1

SCHEMA_HASH = hashlib.sha256(
    json.dumps([DEFINITION, [(f.name, f.type, f.meaning, f.source) for f in REGISTRY]]).encode()
).hexdigest()[:16]

Derived = dict[str, str | float | int | None]

_TITLE = re.compile(r",\s*(?:the\s+)?([^.,]+)\.")
_TITLES = {
    "mr": "Mr",
    "mrs": "Mrs",
    "mme": "Mrs",
    "miss": "Miss",
    "ms": "Miss",
    "mlle": "Miss",
    "master": "Master",
}
_DECKS = frozenset("ABCDEFG")


def derive(passenger: Passenger) -> Derived:
    """The derived features of one passenger, keyed by the registry's names; `None` where nothing is recorded."""
    family_size = passenger.sibsp + passenger.parch + 1
    surname, _, _ = passenger.name.partition(",")
    cabin = passenger.cabin.strip() if passenger.cabin else ""
    return {
        "pclass": passenger.pclass,
        "sex": passenger.sex,
        "title": title(passenger.name),
        "age": passenger.age,
        "sibsp": passenger.sibsp,
        "parch": passenger.parch,
        "family_size": family_size,
        "is_alone": int(family_size == 1),
        "fare": passenger.fare,
        "has_cabin": int(bool(cabin)),
        "deck": cabin[0].upper() if cabin and cabin[0].upper() in _DECKS else "U",
        "embarked": passenger.embarked,
        "ticket_key": "".join(passenger.ticket.upper().split()) or None if passenger.ticket else None,
        "family_key": f"{surname.strip().casefold()}|{passenger.pclass}" if family_size > 1 else None,
    }


def title(name: str) -> str:
    """The form of address in a name written "Surname, Title. Given names"; `Rare` where it is another or none."""
    found = _TITLE.search(name)
    return _TITLES.get(found[1].strip().casefold(), "Rare") if found else "Rare"
