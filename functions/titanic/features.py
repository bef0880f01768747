"""The features: what a model sees of a passenger, for training and serving alike.

`derive` is the first of two stages, stateless and row-level, so there is nothing in it to skew. Whatever must be
learnt from other rows (medians, group statistics) is the Encoder's.
"""

import re

from mlops.use_case import Derived, Feature, Row

_OWNER = "functions/titanic/features.py"
_YES = {"0": "no", "1": "yes"}
_CLASSES = {"1": "first", "2": "second", "3": "third"}
_PORTS = {"C": "Cherbourg", "Q": "Queenstown", "S": "Southampton"}
_TITLE_MEANING = "Form of address in the name: Mr, Mrs, Miss, Master or Rare"
_DECK_MEANING = "Deck letter of the first cabin: A to G, or U for unknown"
_PORT_MEANING = "Port: C Cherbourg, Q Queenstown, S Southampton"
_TICKET_MEANING = "Ticket number, to find those who travel on the same one"
_KIN = ("SibSp", "Parch")
_FAMILY = ("Name", "Pclass", *_KIN)

FEATURES: tuple[Feature, ...] = (
    Feature("pclass", "category", "Ticket class: 1, 2 or 3", ("Pclass",), "Class", _CLASSES, _OWNER),
    Feature("sex", "category", "female or male", ("Sex",), "Sex", owner=_OWNER),
    Feature("title", "category", _TITLE_MEANING, ("Name",), "Form of address", owner=_OWNER),
    Feature("age", "number", "Age in years", ("Age",), "Age", owner=_OWNER),
    Feature("sibsp", "number", "Siblings and spouses aboard", ("SibSp",), "Siblings and spouse aboard", owner=_OWNER),
    Feature("parch", "number", "Parents and children aboard", ("Parch",), "Parents and children aboard", owner=_OWNER),
    Feature("family_size", "number", "The passenger and all relatives aboard", _KIN, "Family aboard", {}, _OWNER),
    Feature("is_alone", "flag", "1 if no relative is aboard", _KIN, "Travels alone", _YES, _OWNER),
    Feature("fare", "number", "Price of the ticket in pounds", ("Fare",), "Fare in pounds", owner=_OWNER),
    Feature("has_cabin", "flag", "1 if a cabin is recorded", ("Cabin",), "Cabin on record", _YES, _OWNER),
    Feature("deck", "category", _DECK_MEANING, ("Cabin",), "Deck", {"U": "not recorded"}, _OWNER),
    Feature("embarked", "category", _PORT_MEANING, ("Embarked",), "Boarded at", _PORTS, _OWNER),
    Feature("ticket_key", "key", _TICKET_MEANING, ("Ticket",), "Ticket", owner=_OWNER),
    Feature("family_key", "key", "Surname and class, to find relatives", _FAMILY, "Family", owner=_OWNER),
)

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


def derive(row: Row) -> Derived:
    """The derived features of one passenger, by the names of `FEATURES`; `None` where nothing is recorded."""
    name, ticket, cabin = str(row["Name"]), row["Ticket"], str(row["Cabin"] or "").strip()
    family_size = int(row["SibSp"] or 0) + int(row["Parch"] or 0) + 1
    surname, _, _ = name.partition(",")
    return {
        "pclass": row["Pclass"],
        "sex": row["Sex"],
        "title": title(name),
        "age": row["Age"],
        "sibsp": row["SibSp"],
        "parch": row["Parch"],
        "family_size": family_size,
        "is_alone": int(family_size == 1),
        "fare": row["Fare"],
        "has_cabin": int(bool(cabin)),
        "deck": cabin[0].upper() if cabin and cabin[0].upper() in _DECKS else "U",
        "embarked": row["Embarked"],
        "ticket_key": "".join(str(ticket).upper().split()) or None if ticket else None,
        "family_key": f"{surname.strip().casefold()}|{row['Pclass']}" if family_size > 1 else None,
    }


def title(name: str) -> str:
    """The form of address in a name written "Surname, Title. Given names"; `Rare` where it is another or none."""
    found = _TITLE.search(name)
    return _TITLES.get(found[1].strip().casefold(), "Rare") if found else "Rare"


def identity(row: Row) -> str:
    """Who a passenger is, whatever else was asked about them: two on the list may share a name, or a ticket.

    Without NUL, which PostgreSQL holds in no text.
    """
    known = (str(row["Name"]), str(row["Ticket"] or ""))
    return "|".join(" ".join(each.replace("\0", "").split()).casefold() for each in known)
