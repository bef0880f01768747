"""Rules that a model must be worth more than."""

from collections.abc import Callable, Sequence

from mlops.use_case import Baseline, Derived
from titanic.companions import Companions, is_woman_or_child


def _women_children_groups(rows: Sequence[Derived], labels: Sequence[int]) -> Callable[[Derived], int]:
    """Women survive unless all other women and children of their group were lost; boys are lost unless all survived."""
    companions = Companions.fit(rows, labels)

    def decide(row: Derived) -> int:
        known = companions.labels(row) if is_woman_or_child(row) else []
        if row["sex"] == "female":
            return int(not known or any(known))
        return int(bool(known) and all(known))

    return decide


BASELINES = (
    Baseline.rule("Women survive", lambda row: int(row["sex"] == "female")),
    Baseline("Women, children and their groups", _women_children_groups),
)
