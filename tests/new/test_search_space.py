"""The search that fits a table's size."""

import pytest
from new.search_space import search_space
from sklearn.ensemble import RandomForestClassifier

BYTES_PER_NODE = 28


@pytest.mark.parametrize("rows", [50, 240, 1_000, 3_000, 5_000, 10_000, 50_000, 1_000_000])
@pytest.mark.parametrize("columns", [4, 20, 60])
def test_a_model_stays_below_16_mb(rows: int, columns: int) -> None:
    search = search_space(rows, columns, rows // 3)

    leaves = min(max(search["space"]["max_leaf_nodes"]), rows // min(search["space"]["min_samples_leaf"]))
    assert search["trees"] * (2 * leaves - 1) * BYTES_PER_NODE <= 16_000_000
    assert search["candidates"] <= 8
    assert set(search["space"]) <= set(RandomForestClassifier().get_params())


def test_few_rows_of_a_class_are_given_many_trees_and_narrow_splits() -> None:
    assert search_space(4_000, 20, 60) == {
        "space": {"min_samples_leaf": [1, 2, 4, 8, 16], "max_features": ["sqrt"], "max_leaf_nodes": [933]},
        "candidates": 5,
        "trees": 300,
    }
