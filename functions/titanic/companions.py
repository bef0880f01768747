"""Companions: who travels together, and how the other women and children of a group fared.

Women and children of a group lived or died together more than anything else tells; of men it tells nothing. A group is
those who share a ticket, or travel with family and share a surname and a class. What became of a passenger never
reaches that passenger's own values: training rows get them from the other folds, and whoever is looked up is left out
of the group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from titanic.features import Derived, Feature

_OWNER = "functions/titanic/companions.py"
_SOURCE = ("Ticket", "Name", "Pclass", "SibSp", "Parch")
FEATURES: tuple[Feature, ...] = (
    Feature("companions", "number", "How many travel together, the passenger included", _SOURCE, _OWNER),
    Feature(
        "companions_survived",
        "number",
        "Of women and children: how much more of their group's others survived than is usual, less the fewer are known",
        (*_SOURCE, "Sex", "Survived"),
        _OWNER,
    ),
)

FOLDS = 10
KEYS = ("ticket_key", "family_key")
# Says who is who in a group. Two that are alike in all of it are taken for one, which can hide a fate, never leak it.
_TRAITS = ("pclass", "title", "sibsp", "parch", "embarked", "deck")

# Who is in a group and, of a woman or child, the fate; None of a man.
Member = tuple[int, int | None]


# What a passenger's companions tell: the values of FEATURES, in that order.
Company = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Companions:
    """The groups of the training rows, by key, and the share of all their women and children that survived."""

    usual: float
    groups: Mapping[str, Sequence[Member]]

    @classmethod
    def fit(cls, rows: Sequence[Derived], survived: Sequence[int]) -> "Companions":
        """Learn the groups of training rows whose fates are `survived`, of the same length."""
        groups: dict[str, list[Member]] = {}
        fates: list[int] = []
        for row, fate in zip(rows, survived, strict=True):
            first = _goes_first(row)
            fates += [fate] * first
            for key in _keys(row):
                groups.setdefault(key, []).append((_who(row), fate if first else None))
        return cls(sum(fates) / len(fates) if fates else 0.5, groups)

    def of(self, row: Derived) -> Company:
        """What is known of a passenger's companions; without any, the passenger alone and no difference.

        Whoever has the passenger's own traits is taken for the passenger and left out.
        """
        others = self._others(row)
        fates = [fate for fate in others.values() if fate is not None]
        size = max(len(others) + 1, int(row["family_size"] or 1))
        return size, sum(fate - self.usual for fate in fates) / (len(fates) + 1) if _goes_first(row) else 0.0

    def knows(self, row: Derived) -> bool:
        """Whether the fate of any of a passenger's companions is known."""
        return any(fate is not None for fate in self._others(row).values())

    def _others(self, row: Derived) -> Mapping[int, int | None]:
        who = _who(row)
        return {other: fate for key in _keys(row) for other, fate in self.groups.get(key, ()) if other != who}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Companions":
        """What became JSON comes back equal; TypeError, KeyError or ValueError if it is something else."""
        groups = {key: [(who, fate) for who, fate in members] for key, members in data["groups"].items()}
        return Companions(data["usual"], groups)


def out_of_fold(rows: Sequence[Derived], survived: Sequence[int], folds: int = FOLDS) -> list[Company]:
    """What the fates of the other folds' rows tell of each training row: row i is in fold i modulo `folds`.

    Leaving out the row alone would not do: within a group the values would then differ by each row's own fate, turned
    round, and a tree would find that.
    """
    found: list[Company | None] = [None] * len(rows)
    for fold in range(folds):
        apart = [i for i in range(len(rows)) if i % folds != fold]
        companions = Companions.fit([rows[i] for i in apart], [survived[i] for i in apart])
        for i in range(fold, len(rows), folds):
            found[i] = companions.of(rows[i])
    return [company for company in found if company is not None]


def _goes_first(row: Derived) -> bool:
    return row["sex"] == "female" or row["title"] == "Master"


def _keys(row: Derived) -> list[str]:
    return [f"{name}:{row[name]}" for name in KEYS if row[name] is not None]


def _who(row: Derived) -> int:
    age = row["age"]
    traits = [row[name] for name in _TRAITS]
    return crc32(repr([age if age is None else float(age), *traits]).encode())
