"""Whether a dataset may take the place of the champion's: what a person must confirm that the figures cannot tell.

A file that is older, a part of the one before, much smaller, or of another make trains a model, and the model is held.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from math import sqrt

from mlops.data.datasets import DatasetVersion
from mlops.statistics.proportion import SURE

# Less than this part of the champion's rows is a shrinkage.
LEAST_SHARE = 0.9
# More labels of known rows may not have changed, nor the share of class 1 by more than this and than chance explains.
MOST_RELABELLED = 0.02
MOST_SHIFT = 0.1
# Beyond it a feature is distributed otherwise: the usual bound of the population stability index.
MOST_PSI = 0.25


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of a dataset: its version, the ids of its rows and the share of class 1."""

    dataset: DatasetVersion
    ids: Set[str]
    positive: float


def objections(new: Table, old: Table, relabelled: int, drifted: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Each reason to hold a model of the `new` table, as name and words; `old` is the champion's.

    `relabelled` are rows of both whose label differs, `drifted` the features' population stability indices.
    """
    if new.dataset.loaded_at < old.dataset.loaded_at:
        yield "newer data", f"its dataset was loaded before that of the champion ({old.dataset.source})"
    elif new.ids < old.ids:
        yield "no part of older data", f"its {len(new.ids):,} rows are all among the champion's {len(old.ids):,}"
    if len(new.ids) < LEAST_SHARE * len(old.ids):
        yield "no shrinkage", f"its dataset has {len(new.ids):,} rows, the champion's {len(old.ids):,}"
    common = len(new.ids & old.ids)
    if relabelled > MOST_RELABELLED * common:
        yield "same labels", f"{relabelled:,} of {common:,} rows that both have are labelled otherwise"
    shift = new.positive - old.positive
    error = sqrt(sum(each.positive * (1 - each.positive) / len(each.ids) for each in (new, old)))
    if abs(shift) > MOST_SHIFT and abs(shift) > SURE * error:
        yield "same classes", f"{new.positive:.0%} of its rows are of class 1, of the champion's {old.positive:.0%}"
    if moved := {name: psi for name, psi in drifted.items() if psi > MOST_PSI}:
        worst = sorted(moved, key=lambda name: -moved[name])[:3]
        yield (
            "same features",
            f"of another distribution than the champion's: {', '.join(worst)} (PSI {moved[worst[0]]:.2f})",
        )
