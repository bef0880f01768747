"""Many rows through a forest by scikit-learn's own compiled trees, made of the portable file's numbers.

No pickle and no estimator: a tree's nodes are filled in from arrays. Leaves are added up in the order of the trees, as
everywhere, so that the same row has the same probability to the last bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree._tree import NODE_DTYPE, Tree

from mlops.model.forest import Forest

_CLASSES = np.array([2], dtype=np.intp)
_NO_CHILD = -1


@dataclass(frozen=True, slots=True)
class CompiledForest:
    """Trees, and the P(class 1) of each of their nodes."""

    trees: list[tuple[Tree, NDArray[np.float64]]]

    @staticmethod
    def of(forest: Forest) -> "CompiledForest":
        """The same forest, compiled."""
        bounds = [*forest.roots, len(forest.value)]
        columns = {
            "left_child": np.asarray(forest.left),
            "right_child": np.asarray(forest.right),
            "feature": np.asarray(forest.feature),
            "threshold": np.asarray(forest.threshold),
        }
        values = np.asarray(forest.value)
        spans = pairwise(bounds)
        return CompiledForest([_tree(forest, columns, values, slice(*span)) for span in spans])

    def probabilities(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(class 1) of each row of shape (n, columns), n > 0. Rows that are the same are scored once."""
        matrix = np.ascontiguousarray(matrix, dtype=np.float32)
        as_bytes = matrix.view(np.dtype((np.void, matrix.itemsize * matrix.shape[1]))).ravel()
        _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
        distinct = np.ascontiguousarray(matrix[first])
        total = np.zeros(len(distinct))
        for tree, value in self.trees:
            total += value.take(tree.apply(distinct))
        found: NDArray[np.float64] = (total / len(self.trees))[inverse]
        return found


def _tree(
    forest: Forest, columns: Mapping[str, NDArray[Any]], values: NDArray[np.float64], span: slice
) -> tuple[Tree, NDArray[np.float64]]:
    count = span.stop - span.start
    nodes = np.zeros(count, dtype=NODE_DTYPE)
    leaf = columns["left_child"][span] == np.arange(span.start, span.stop)  # to itself
    for side in ("left_child", "right_child"):
        nodes[side] = np.where(leaf, _NO_CHILD, columns[side][span] - span.start)
    for name in ("feature", "threshold"):
        nodes[name] = columns[name][span]
    tree = Tree(forest.columns, _CLASSES, 1)
    value = np.ascontiguousarray(values[span])
    both = np.stack([1 - value, value], axis=1)[:, None, :]
    state = {"max_depth": forest.depth, "node_count": count, "nodes": nodes, "values": np.ascontiguousarray(both)}
    tree.__setstate__(state)
    return tree, value
