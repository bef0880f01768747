"""Who is held out depends on who they are, and on nothing else."""

import random

from mlops.model.holdout import SHARE, held_out
from mlops.ports import FeatureRow


def sides(rows: list[FeatureRow]) -> frozenset[int]:
    return held_out([row.passenger_id for row in rows], [row.survived for row in rows])


def test_a_fifth_of_each_class(feature_rows: list[FeatureRow]) -> None:
    apart = sides(feature_rows)

    for fate in (0, 1):
        members = [row.passenger_id for row in feature_rows if row.survived == fate]
        assert len(apart & set(members)) == round(len(members) * SHARE)


def test_order_does_not_matter(feature_rows: list[FeatureRow]) -> None:
    shuffled = random.Random(1).sample(feature_rows, len(feature_rows))

    assert sides(shuffled) == sides(feature_rows)


def test_passengers_keep_their_side_when_the_list_grows(feature_rows: list[FeatureRow]) -> None:
    before, after = sides(feature_rows[:800]), sides(feature_rows)

    moved = before ^ frozenset(each for each in after if each <= 800)
    assert len(moved) <= 0.03 * 800
