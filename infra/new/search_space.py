"""The search that fits a table: how many trees, and which parameters are tried."""

from typing import Any

# A forest's file has 28 bytes a node, and a tree one node less than twice its leaves: with this it stays below 16 MB.
MAX_LEAVES = 280_000
_CANDIDATES = 8
# With fewer rows of one class than that, splits that see many columns fit chance.
_FEW = 100


def search_space(rows: int, columns: int, rarer: int) -> dict[str, Any]:
    """Space, candidates and trees of a `Search`: what trains in minutes on one core and comes near the best forest.

    Few rows need many trees, for chance has a greater part in each, above all few rows of the `rarer` class; many rows
    need larger leaves, which smooth as trees do. Of few columns a split should see most; of many, a fifth at most, for
    the time that it takes.
    """
    trees = 300 if rows <= 1_000 or (rows <= 5_000 and rarer < _FEW) else 200 if rows <= 3_000 else 100
    leaf = max(1, round(rows / 10_000))
    wide = 0.6 if columns <= 12 else 0.4 if columns <= 25 else 0.2
    space = {
        "min_samples_leaf": [leaf * times for times in (1, 2, 4, 8, 16)],
        "max_features": ["sqrt"] if rarer < _FEW else ["sqrt", wide],
        "max_leaf_nodes": [MAX_LEAVES // trees],
    }
    combinations = len(space["min_samples_leaf"]) * len(space["max_features"])
    return {"space": space, "candidates": min(_CANDIDATES, combinations), "trees": trees}
