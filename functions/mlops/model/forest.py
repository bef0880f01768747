"""A random forest as plain numbers, scored without scikit-learn and equal to it.

scikit-learn rounds its inputs to float32 and compares them with float64 thresholds, and adds its trees up one after the
other: both are done here in the same order, so one row, a batch and scikit-learn itself agree to the last bit.

One row is walked through the trees in plain Python, since importing numpy would cost a cold start more than it
saves; many go through all trees at once in numpy.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from operator import le
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.model.forest_arrays import ForestArrays

# What a leaf is compared with: whatever comes, it stays where it is.
LEAF_THRESHOLD = inf

# At so many rows numpy becomes the faster of the two ways.
MANY = 8
# P(class 1), the base rate, and each column's share; the last two add up to the first.
Explanation = tuple[float, float, list[float]]


@dataclass(frozen=True)
class Forest:
    """All trees in parallel lists, one entry a node; a tree is known by its root's index.

    `x[feature] <= threshold` leads to `left`, anything else to `right`; at a leaf both lead to itself. `value` is
    P(class 1) among the training rows that reached the node. `depth` is that of the deepest tree.
    """

    columns: int
    depth: int
    roots: list[int]
    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]

    @property
    def is_sound(self) -> bool:
        """Whether every walk ends: all indices are there, and children stand behind their parents."""
        nodes = len(self.left)
        indices = ((self.roots, nodes), (self.left, nodes), (self.right, nodes), (self.feature, self.columns))
        return (
            all(each and min(each) >= 0 and max(each) < end for each, end in indices)
            and all(map(le, range(nodes), self.left))
            and all(map(le, range(nodes), self.right))
            and self.depth <= nodes
        )

    def probabilities(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """P(class 1) of each encoded row."""
        if len(rows) < MANY:
            return [self._walk(_rounded(row)) for row in rows]
        return self._arrays.probabilities(rows)

    def explanations(self, rows: Sequence[Sequence[float]]) -> list[Explanation]:
        """P(class 1) of each encoded row, and what it is made of.

        On the way down each tree, the change of P(class 1) at a split is credited to the column that splits; averaged
        over the trees (A. Saabas, "Interpreting random forests", 2014).
        """
        if len(rows) < MANY:
            return [self._account(_rounded(row)) for row in rows]
        return self._arrays.explanations(rows)

    def _walk(self, x: Sequence[float]) -> float:
        feature, threshold, left, right, value = self.feature, self.threshold, self.left, self.right, self.value
        total = 0.0
        for node in self.roots:
            child = left[node] if x[feature[node]] <= threshold[node] else right[node]
            while child != node:
                node = child
                child = left[node] if x[feature[node]] <= threshold[node] else right[node]
            total += value[node]
        return total / len(self.roots)

    def _account(self, x: Sequence[float]) -> Explanation:
        feature, threshold, left, right, value = self.feature, self.threshold, self.left, self.right, self.value
        trees, shares = len(self.roots), [0.0] * self.columns
        base = total = 0.0
        for node in self.roots:
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
        return total / trees, base / trees, [share / trees for share in shares]

    @cached_property
    def _arrays(self) -> "ForestArrays":
        from mlops.model.forest_arrays import ForestArrays

        return ForestArrays.of(
            self.columns, self.depth, self.roots, self.feature, self.threshold, self.left, self.right, self.value
        )


def _rounded(row: Sequence[float]) -> list[float]:
    """The row as float32 holds it."""
    return array("f", row).tolist()
