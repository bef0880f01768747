"""A random forest as plain numbers, scored without scikit-learn and equal to it.

scikit-learn rounds its inputs to float32 and compares them with float64 thresholds, and adds its trees up one after the
other: both are done here in the same order, so one passenger, a batch and scikit-learn itself agree to the last bit.

One passenger is walked through the trees in plain Python, since importing numpy would cost a cold start more than it
saves; many go through all trees at once in numpy.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Indices = NDArray[np.int32]
    _Reals = NDArray[np.float64]
    _Arrays = tuple[_Indices, _Indices, _Reals, _Indices, _Reals]

# What a leaf is compared with: whatever comes, it stays where it is.
LEAF_THRESHOLD = inf

# At so many rows numpy becomes the faster of the two ways.
MANY = 8
# Rows scored at once in numpy: enough to share its overhead, few enough to stay in the processor's cache.
_CHUNK = 256


@dataclass(frozen=True)
class Forest:
    """All trees in parallel lists, one entry a node; a tree is known by its root's index.

    `x[feature] <= threshold` leads to `left`, anything else to `right`; at a leaf both lead to itself. `value` is
    P(survived) among the training rows that reached the node. `depth` is that of the deepest tree.
    """

    columns: int
    depth: int
    roots: list[int]
    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]

    def probabilities(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """P(survived) of each encoded row."""
        if len(rows) < MANY:
            return [self._walk(_rounded(row)) for row in rows]
        return [p for start in range(0, len(rows), _CHUNK) for p in self._descend(rows[start : start + _CHUNK])]

    def explain(self, row: Sequence[float]) -> tuple[float, float, list[float]]:
        """P(survived) of one encoded row, the base rate, and each column's share: with the base they add up to it.

        On the way down each tree, the change of P(survived) at a split is credited to the column that splits; averaged
        over the trees (A. Saabas, "Interpreting random forests", 2014).
        """
        roots, feature, threshold, left, right, value = self._parts
        x = _rounded(row)
        shares = [0.0] * self.columns
        base = total = 0.0
        for node in roots:
            here = value[node]
            base += here
            while True:
                column = feature[node]
                child = left[node] if x[column] <= threshold[node] else right[node]
                if child == node:
                    break
                shares[column] += value[child] - here
                node, here = child, value[child]
            total += here
        return total / len(roots), base / len(roots), [share / len(roots) for share in shares]

    def _walk(self, x: Sequence[float]) -> float:
        roots, feature, threshold, left, right, value = self._parts
        total = 0.0
        for node in roots:
            child = left[node] if x[feature[node]] <= threshold[node] else right[node]
            while child != node:
                node = child
                child = left[node] if x[feature[node]] <= threshold[node] else right[node]
            total += value[node]
        return total / len(roots)

    def _descend(self, rows: Sequence[Sequence[float]]) -> list[float]:
        import numpy as np

        roots, feature, threshold, children, value = self._arrays
        x = np.asarray(rows, dtype=np.float32)
        offset = np.arange(len(x), dtype=np.int32) * self.columns
        flat = x.ravel()
        nodes = np.repeat(roots[:, None], len(x), axis=1)
        for _ in range(self.depth):
            goes_right = flat[feature[nodes] + offset] > threshold[nodes]
            nodes = children[2 * nodes + goes_right]
        total = np.zeros(len(x))
        for leaves in value[nodes]:
            total += leaves
        return (total / len(roots)).tolist()  # type: ignore[no-any-return]

    @property
    def _parts(self) -> tuple[list[int], list[int], list[float], list[int], list[int], list[float]]:
        return self.roots, self.feature, self.threshold, self.left, self.right, self.value

    @cached_property
    def _arrays(self) -> "_Arrays":
        """Roots, features, thresholds, children (left and right of each node side by side) and values."""
        import numpy as np

        children = np.stack([np.asarray(self.left, np.int32), np.asarray(self.right, np.int32)], axis=1).ravel()
        return (
            np.asarray(self.roots, np.int32),
            np.asarray(self.feature, np.int32),
            np.asarray(self.threshold, np.float64),
            children,
            np.asarray(self.value, np.float64),
        )


def _rounded(row: Sequence[float]) -> list[float]:
    """The row as float32 holds it."""
    return array("f", row).tolist()
