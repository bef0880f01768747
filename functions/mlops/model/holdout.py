"""The rows that no model ever sees before it is judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from mlops.model.training_set import TrainingSet
from mlops.use_case import Search, UseCase

SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Parts:
    """A dataset, and its division into what a judged model may see and what it is judged by.

    Of very many rows both are samples (`Search.sample`), classes in proportion.
    """

    everyone: TrainingSet
    training: TrainingSet
    holdout: TrainingSet


def divide(case: UseCase, rows: TrainingSet) -> Parts:
    """The rows, and their two parts; by their ids, or where the table has none by their content."""
    keys = rows.ids if case.id else [row_id.rpartition(".")[0] for row_id in rows.ids]  # see stores/postgres/rules.py
    apart = held_out(keys, rows.labels.tolist())
    training, holdout = (drawn(case.search, rows.labels, each.nonzero()[0]) for each in (~apart, apart))
    return Parts(rows, rows.take(training), rows.take(holdout))


def drawn(search: Search, labels: NDArray[np.int64], places: NDArray[np.intp]) -> NDArray[np.intp]:
    """At most as many of some rows as candidates are judged on, the same each time."""
    if len(places) <= search.sample:
        return places
    chosen, _ = train_test_split(places, train_size=search.sample, stratify=labels[places], random_state=search.seed)
    return np.sort(chosen)


def held_out(keys: Sequence[str], labels: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each row is held out: a fifth of each class, chosen by a stable hash of its key; no seed, no order.

    Rows with one key are on one side. A row keeps its side as the table grows, but for the few at the boundary of a
    fifth; of those the older model may have trained on some, which can only make the newer one look worse.
    """
    chosen: set[str] = set()
    for label in (0, 1):
        of_class = {key for key, its in zip(keys, labels, strict=True) if its == label}
        chosen.update(sorted(of_class, key=_place)[: round(len(of_class) * SHARE)])
    return np.array([key in chosen for key in keys], dtype=bool)


def _place(key: str) -> bytes:
    return sha256(key.encode()).digest()
