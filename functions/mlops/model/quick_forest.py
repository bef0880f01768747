"""A forest that is only scored: scikit-learn's trees, bit for bit, without what an estimator costs around each.

On a thousand rows three quarters of RandomForestClassifier's time go into cloning and checking each tree. The search
grows thousands of forests, so it drives scikit-learn's own builder, as `_parallel_build_trees` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree._criterion import Entropy, Gini
from sklearn.tree._splitter import BestSplitter
from sklearn.tree._tree import BestFirstTreeBuilder, DepthFirstTreeBuilder, Tree

_CRITERIA = {"gini": Gini, "entropy": Entropy, "log_loss": Entropy}
_KNOWN = {"max_depth", "min_samples_leaf", "max_features", "criterion", "max_samples", "max_leaf_nodes", "bootstrap"}
_CLASSES = np.array([2], dtype=np.intp)
_UNLIMITED = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class QuickForest:
    """What of a fitted forest the search asks for."""

    trees: list[Tree]

    def positive(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(class 1) of each row, added up in the order of the trees."""
        total = np.zeros(len(matrix))
        for tree in self.trees:
            total += tree.predict(matrix)[:, 1]
        return total / len(self.trees)

    @property
    def leaves(self) -> float:
        """The mean number of a tree's leaves, which are one more than its forks."""
        return float(np.mean([(tree.node_count + 1) // 2 for tree in self.trees]))


def supported(params: Mapping[str, Any]) -> bool:
    """Whether all of these parameters are known here; other ones are left to scikit-learn's own forest."""
    return (
        params.keys() <= _KNOWN
        and params.get("criterion", "gini") in _CRITERIA
        and params.get("bootstrap", True) is True
        and isinstance(params.get("max_depth"), int | None)
        and isinstance(params.get("max_leaf_nodes"), int | None)
        and isinstance(params.get("min_samples_leaf", 1), int)
        and (params.get("max_features", "sqrt") == "sqrt" or isinstance(params["max_features"], float))
        and isinstance(params.get("max_samples"), float | None)
    )


def grow(
    params: Mapping[str, Any], trees: int, seed: int, matrix: NDArray[np.float32], labels: NDArray[np.int64]
) -> QuickForest:
    """A forest of `supported` parameters on rows of shape (n, columns) without NaN, and their labels."""
    rows, columns = matrix.shape
    matrix, targets = np.ascontiguousarray(matrix), np.ascontiguousarray(labels, dtype=np.float64).reshape(-1, 1)
    share, most = params.get("max_samples"), params.get("max_features", "sqrt")
    drawn = rows if share is None else max(round(rows * share), 1)
    features = max(1, int(np.sqrt(columns) if most == "sqrt" else most * columns))
    leaf = params.get("min_samples_leaf", 1)
    depth = _UNLIMITED if params.get("max_depth") is None else params["max_depth"]
    # One of each serves all trees: making them takes as long as a small tree.
    seeds, chance, grown = np.random.RandomState(seed), np.random.RandomState(), []
    criterion = _CRITERIA[params.get("criterion", "gini")](1, _CLASSES)
    splitter = BestSplitter(criterion, features, leaf, 0.0, chance, None)
    least = splitter, max(2, 2 * leaf), leaf, 0.0, depth
    nodes = params.get("max_leaf_nodes")
    builder = DepthFirstTreeBuilder(*least, 0.0) if nodes is None else BestFirstTreeBuilder(*least, nodes, 0.0)
    for _ in range(trees):
        own = seeds.randint(_UNLIMITED)
        chance.seed(own)
        indices = chance.randint(0, rows, drawn, dtype=np.int32)
        weights = np.bincount(indices, minlength=rows).astype(np.float64)
        chance.seed(own)  # from which the splitter draws when a tree begins
        tree = Tree(columns, _CLASSES, 1)
        builder.build(tree, matrix, targets, weights)
        grown.append(tree)
    return QuickForest(grown)
