"""Passenger lists of any length with the distributions of the real one, the same for the same seed."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

PASSENGER_LIST = Path(__file__).parents[1] / "data" / "titanic.csv"
# What COPY takes into typed columns and the rules do not: both sides of a comparison can load the same file. One value
# for all would be a format fault.
FAULTS = {"Pclass": range(4, 100), "Age": range(121, 1000), "Embarked": "ABDEFGHIJKLMNOPRTUVWXYZ"}


def lines(count: int, seed: int = 1912, bad: float = 0.005) -> Iterator[list[str]]:
    """A header and `count` rows: passengers drawn from the list, renumbered, a share of `bad` ones among them.

    Whole rows are drawn, so that what depends on each other stays together; about every seventh surname and ticket is
    shared, as it is there, for each draw of 891 rows has tickets and surnames of its own.
    """
    chance = random.Random(seed)
    with PASSENGER_LIST.open(newline="") as file:
        header, *rows = csv.reader(file)
    name, ticket = header.index("Name"), header.index("Ticket")
    yield header
    for number in range(1, count + 1):
        row = chance.choice(rows).copy()
        ship = number // len(rows)
        row[0] = str(number)
        surname, comma, given = row[name].partition(",")
        row[name], row[ticket] = f"{surname}-{ship}{comma}{given}", f"{row[ticket]} {ship}"
        if chance.random() < bad:
            field = chance.choice(list(FAULTS))
            row[header.index(field)] = str(chance.choice(FAULTS[field]))
        yield row


def write(path: Path, count: int, seed: int = 1912, bad: float = 0.005) -> Path:
    """The list as a CSV file."""
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines(count, seed, bad))
    return path
