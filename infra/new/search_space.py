"""The search that fits a table of so many rows and columns: how many trees, and which parameters are tried."""

from typing import Any

# A forest's file has 28 bytes a node, and a tree one node less than twice its leaves: with this it stays below 16 MB.
MAX_LEAVES = 280_000
_CANDIDATES = 8


def search_space(rows: int, columns: int) -> dict[str, Any]:
    """Space, candidates and trees of a `Search`: what trains in minutes on one core and comes near the best forest.

    Few rows need many trees, for chance has a greater part in each; many rows need larger leaves, which smooth as trees
    do. Of few columns a split should see most, of many a forest is faster and no worse with the square root of them.
    """
    trees = 300 if rows <= 1_000 else 200 if rows <= 3_000 else 100
    leaf = max(1, round(rows / 10_000))
    wide = 0.6 if columns <= 12 else 0.4 if columns <= 25 else 0.2
    return {
        "space": {
            "min_samples_leaf": [leaf * times for times in (1, 2, 4, 8, 16)],
            "max_features": ["sqrt", wide],
            "max_leaf_nodes": [MAX_LEAVES // trees],
        },
        "candidates": _CANDIDATES,
        "trees": trees,
    }
