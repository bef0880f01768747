"""The passengers that no model ever sees before it is judged."""

from collections.abc import Sequence
from hashlib import sha256

SHARE = 0.2


def held_out(passenger_ids: Sequence[int], survived: Sequence[int]) -> frozenset[int]:
    """The ids of a fifth of each class, chosen by a stable hash of the id: no seed, no order, no chance.

    A passenger keeps the side as the list grows, but for the few at the boundary of a fifth; of those the older model
    may have trained on some, which can only make the newer one look worse, never better.
    """
    chosen: set[int] = set()
    for fate in (0, 1):
        ids = [each for each, its in zip(passenger_ids, survived, strict=True) if its == fate]
        chosen.update(sorted(ids, key=_place)[: round(len(ids) * SHARE)])
    return frozenset(chosen)


def _place(passenger_id: int) -> str:
    return sha256(str(passenger_id).encode()).hexdigest()
