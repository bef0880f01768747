"""The search that fits a table of so many rows and columns: how many trees, and which parameters are tried."""

from typing import Any

# A forest's file has 28 bytes a node; with so many nodes at most it stays below 16 MB.
MAX_NODES = 560_000


def search_space(rows: int, columns: int) -> dict[str, Any]:
    """Space, candidates and trees of a `Search`."""
    trees = 300 if rows <= 2_000 else 200 if rows <= 10_000 else 100
    leaf = max(1, round(rows * trees / 452_000))
    return {
        "space": {
            "min_samples_leaf": [leaf, 2 * leaf, 4 * leaf, *([8] if leaf == 1 else [])],
            "max_features": ["sqrt", 0.3],
            "criterion": ["gini", "entropy"],
            "max_leaf_nodes": [MAX_NODES // trees // 2],
        },
        "candidates": 8,
        "trees": trees,
    }
