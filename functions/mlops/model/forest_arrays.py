"""Many rows through all trees of a forest at once, in numpy.

Every sum is taken in the order in which `Forest` takes it row by row, so that both ways agree to the last bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Rows that go down together: enough to share the overhead, few enough to stay in the processor's cache.
_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class ForestArrays:
    """A forest's arrays; the left and the right child of node i are `children[2 * i]` and `children[2 * i + 1]`."""

    columns: int
    depth: int
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    children: NDArray[np.int32]
    value: NDArray[np.float64]

    @staticmethod
    def of(
        columns: int,
        depth: int,
        roots: Sequence[int],
        feature: Sequence[int],
        threshold: Sequence[float],
        left: Sequence[int],
        right: Sequence[int],
        value: Sequence[float],
    ) -> "ForestArrays":
        """The arrays of a forest, given its fields."""
        return ForestArrays(
            columns=columns,
            depth=depth,
            roots=np.asarray(roots, np.int32),
            feature=np.asarray(feature, np.int32),
            threshold=np.asarray(threshold, np.float64),
            children=np.stack([left, right], axis=1).astype(np.int32).ravel(),
            value=np.asarray(value, np.float64),
        )

    def probabilities(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """P(class 1) of each encoded row."""
        found: list[float] = []
        for x in _portions(rows):
            *_, leaves = self._levels(x)
            found += (_added(self.value[leaves]) / len(self.roots)).tolist()
        return found

    def explanations(self, rows: Sequence[Sequence[float]]) -> list[tuple[float, float, list[float]]]:
        """P(class 1) of each encoded row, the base rate, and each column's share."""
        trees = len(self.roots)
        base = float(_added(self.value[self.roots][:, None])[0] / trees)
        found: list[tuple[float, float, list[float]]] = []
        for x in _portions(rows):
            levels = list(self._levels(x))
            probabilities = _added(self.value[levels[-1]]) / trees
            # One axis for trees, then levels, then rows: a row's changes are met in the order of its walk.
            path = np.stack(levels, axis=1)
            changes = np.diff(self.value[path], axis=1)
            places = self.feature[path[:, :-1]] + np.arange(len(x)) * self.columns
            shares = np.bincount(places.ravel(), changes.ravel(), len(x) * self.columns).reshape(len(x), -1) / trees
            found += zip(probabilities.tolist(), [base] * len(x), shares.tolist(), strict=True)
        return found

    def _levels(self, x: NDArray[np.float32]) -> Iterator[NDArray[np.int32]]:
        """The node that each row has come to in each tree, shape (trees, rows), from the roots down to the leaves."""
        flat, offset = x.ravel(), np.arange(len(x), dtype=np.int32) * self.columns
        nodes = np.repeat(self.roots[:, None], len(x), axis=1)
        yield nodes
        for _ in range(self.depth):
            goes_right = flat[self.feature[nodes] + offset] > self.threshold[nodes]
            nodes = self.children[2 * nodes + goes_right]
            yield nodes


def _portions(rows: Sequence[Sequence[float]]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), _TOGETHER):
        yield np.asarray(rows[start : start + _TOGETHER], dtype=np.float32)


def _added(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over trees, one after the other: numpy's own sum goes by pairs."""
    total = np.zeros(values.shape[1])
    for each in values:
        total += each
    return total
