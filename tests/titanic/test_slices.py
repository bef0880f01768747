"""Slices: each row is in one of each kind."""

from mlops.ports import FeatureRow
from titanic.slices import members


def test_each_row_is_in_one_slice_of_each_kind(feature_rows: list[FeatureRow]) -> None:
    found = members([row.features for row in feature_rows])

    for kind in ("sex", "pclass", "age"):
        numbers = [i for (name, _), those in found.items() if name == kind for i in those]
        assert sorted(numbers) == list(range(891))
    assert ("age", "not recorded") in found
    assert list(found) == sorted(found)
