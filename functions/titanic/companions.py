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

from mlops.use_case import Derived, Feature

FEATURES: tuple[Feature, ...] = (
    Feature(
        "companions_survived",
        "number",
        "Of women and children: how much more of their group's others survived than is usual, less the fewer are known",
        ("Ticket", "Name", "Pclass", "SibSp", "Parch", "Sex", "Survived"),
        "Companions’ fates",
        owner="functions/titanic/companions.py",
    ),
)

# Fewer than ten, so that a training row knows four fifths of its companions: strangers know some or none, and a forest
# that always knew nine of ten leans on them more (docs/adr/0012).
FOLDS = 5
KEYS = ("ticket_key", "family_key")

# A woman or child of a group, and the label.
Member = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Companions:
    """The women and children of the training rows by group, and the share of all of them that survived."""

    usual: float
    groups: Mapping[str, Sequence[Member]]

    @classmethod
    def fit(cls, rows: Sequence[Derived], labels: Sequence[int]) -> "Companions":
        """Learn the groups of training rows with these labels, of the same length."""
        groups: dict[str, list[Member]] = {}
        for row, label in zip(rows, labels, strict=True):
            if is_woman_or_child(row) and (keys := _keys(row)):
                member = _traits(row), label
                for key in keys:
                    groups.setdefault(key, []).append(member)
        return cls(usual_share(rows, labels), groups)

    def of(self, row: Derived) -> float:
        """The value of FEATURES: what is known of a passenger's companions; without any, no difference.

        Whoever has the passenger's own traits is taken for the passenger and left out.
        """
        if not is_woman_or_child(row):
            return 0.0
        labels = self.labels(row)
        return sum(label - self.usual for label in labels) / (len(labels) + 1)

    def labels(self, row: Derived) -> list[int]:
        """What became of the other women and children of a passenger's group, as far as it is known."""
        groups = [group for key in _keys(row) if (group := self.groups.get(key))]
        own = _traits(row) if groups else None  # of a stranger nobody asks
        return list({other: label for group in groups for other, label in group if other != own}.values())

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Companions":
        """What became JSON comes back equal; TypeError, KeyError or ValueError if it is something else."""
        groups = {
            key: [(who, label) for who, label in members if label is not None]  # earlier models name men too
            for key, members in data["groups"].items()
        }
        return Companions(data["usual"], groups)


def out_of_fold(everyone: Companions, rows: Sequence[Derived], folds: int = FOLDS) -> list[float]:
    """What the labels of the other folds' rows tell of each row that `everyone` was fitted on, in that order.

    Row i is in fold i modulo `folds`.

    Leaving out the row alone would not do: within a group the values would then differ by each row's own label, turned
    round, and a tree would find that. The usual share is that of all rows, for one of each fold would tell a tree the
    fold.
    """
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if is_woman_or_child(row):
            for key in _keys(row):
                places.setdefault(key, []).append(place)
    found = []
    for place, row in enumerate(rows):
        if not is_woman_or_child(row):
            found.append(0.0)
            continue
        others = {
            key: [
                member for member, its in zip(everyone.groups[key], places[key], strict=True) if (its - place) % folds
            ]
            for key in _keys(row)
        }
        found.append(Companions(everyone.usual, others).of(row))
    return found


def groups(rows: Sequence[Derived]) -> list[str]:
    """A key of each row's group: rows that share a ticket or a family, directly or by way of others, have the same."""
    of: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := of.setdefault(key, key)) != key:
            key = above
        return key

    keys = [_keys(row) or [f"alone:{_traits(row)}"] for row in rows]
    for each in keys:
        low, *others = sorted(map(root, each))
        of.update(dict.fromkeys(others, low))
    return [root(each[0]) for each in keys]


def usual_share(rows: Sequence[Derived], labels: Sequence[int]) -> float:
    """The share of all women and children that survived."""
    known = [label for row, label in zip(rows, labels, strict=True) if is_woman_or_child(row)]
    return sum(known) / len(known) if known else 0.5


def is_woman_or_child(row: Derived) -> bool:
    """Who goes first: a woman of any age, or a boy who is still called Master."""
    return row["sex"] == "female" or row["title"] == "Master"


def _keys(row: Derived) -> list[str]:
    return [f"{name}:{row[name]}" for name in KEYS if row[name] is not None]


def _traits(row: Derived) -> int:
    """Who is who in a group. Two that are alike in all of it are taken for one: it can hide a label, never leak it.

    Whether a number is whole or a float depends on where the row comes from, so all are floats.
    """
    numbers = [None if row[name] is None else float(row[name] or 0) for name in ("age", "sibsp", "parch")]
    texts = [None if row[name] is None else str(row[name]) for name in ("pclass", "title", "embarked", "deck")]
    return crc32(repr([*numbers, *texts]).encode())
