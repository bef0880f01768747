"""A forest that is grown in shares of its trees, and joined: the same as one process would grow."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._tree import Tree

from mlops.model.estimator import unfitted, without_chance_bytes
from mlops.use_case import Search


def grow_trees(
    search: Search,
    params: Mapping[str, Any],
    matrix: NDArray[np.float32],
    labels: NDArray[np.int64],
    first: int,
    last: int,
) -> list[Tree]:
    """Trees `first` to before `last` of the forest that `grow` makes, bit for bit.

    A warm start draws the seeds of the trees that are there already, whatever these are.
    """
    forest = unfitted(search, params, len(labels), n_estimators=last, warm_start=True)
    forest.estimators_ = [None] * first
    return [each.tree_ for each in forest.fit(matrix, labels).estimators_[first:]]


def join(
    search: Search,
    params: Mapping[str, Any],
    trees: Sequence[Tree],
    matrix: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> RandomForestClassifier:
    """The forest of `grow`, of trees that were grown in shares on these rows."""
    forest = unfitted(search, params, len(labels), n_estimators=1).fit(matrix, labels)
    seeds, first = np.random.RandomState(search.seed), forest.estimators_[0]
    forest.estimators_ = []
    for tree in trees:
        estimator = copy(first).set_params(random_state=seeds.randint(np.iinfo(np.int32).max))
        estimator.tree_ = without_chance_bytes(tree)
        forest.estimators_.append(estimator)
    return forest.set_params(n_estimators=len(trees), n_jobs=1)
