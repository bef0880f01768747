"""The passenger: one row of the list, in the units of the list."""

from collections.abc import Mapping
from dataclasses import dataclass

# The dataset's own column names are the product's wire format: a CSV row is a request body.
FIELDS: Mapping[str, str] = {
    "Pclass": "pclass",
    "Name": "name",
    "Sex": "sex",
    "Age": "age",
    "SibSp": "sibsp",
    "Parch": "parch",
    "Ticket": "ticket",
    "Fare": "fare",
    "Cabin": "cabin",
    "Embarked": "embarked",
}

CLASSES = (1, 2, 3)
SEXES = ("female", "male")
PORTS = ("C", "Q", "S")
MAX_AGE_YEARS = 120.0
MAX_RELATIVES = 30
MAX_FARE_POUNDS = 10_000.0
MAX_TEXT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Passenger:
    """What is known of a person before the ship sinks; never their fate.

    `age` in years, `fare` in pounds of 1912 for the whole ticket, `sibsp` siblings and spouses and `parch` parents
    and children aboard. `None` is "not recorded".
    """

    pclass: int
    name: str
    sex: str
    age: float | None = None
    sibsp: int = 0
    parch: int = 0
    ticket: str | None = None
    fare: float | None = None
    cabin: str | None = None
    embarked: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledPassenger:
    """A passenger whose fate is known: what a dataset version holds."""

    passenger_id: int
    survived: int
    passenger: Passenger
