"""The scikit-learn side of the forest: growing one, and turning it into the portable form. For training alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._tree import Tree

from mlops.model import quick_forest
from mlops.model.forest import LEAF_THRESHOLD, Forest
from mlops.model.portable import Model
from mlops.model.training_set import TrainingSet
from mlops.use_case import Encoder, Search, UseCase

MANY_ROWS = 5000


def grow(
    search: Search, params: Mapping[str, Any], matrix: NDArray[np.float32], labels: NDArray[np.int64]
) -> RandomForestClassifier:
    """A fitted forest; the same data and parameters give the same one, bit for bit.

    Few rows on one core, for the search spreads over functions; many on all there are. Trees are added up by one
    thread, or scores would differ in the last bit from run to run. More trees never make a forest worse, only slower,
    so their number is chosen and not searched.
    """
    forest = unfitted(search, params, len(labels)).fit(matrix, labels)
    for each in forest.estimators_:
        each.tree_ = without_chance_bytes(each.tree_)
    return forest.set_params(n_jobs=1)


def without_chance_bytes(tree: Tree) -> Tree:
    """The tree with zeros between its nodes' fields: what memory held there before would be pickled too."""
    nodes = tree.__getstate__()["nodes"]  # the tree's own memory
    used = np.zeros(nodes.dtype.itemsize, dtype=bool)
    for kind, start, *_ in (nodes.dtype.fields or {}).values():
        used[start : start + kind.itemsize] = True
    nodes.view(np.uint8).reshape(len(nodes), -1)[:, ~used] = 0
    return tree


def unfitted(search: Search, params: Mapping[str, Any], rows: int, **more: Any) -> RandomForestClassifier:
    """The forest of a use case before it sees the rows, of which there are so many."""
    cores = -1 if rows > MANY_ROWS else 1
    forest = RandomForestClassifier(n_estimators=search.trees, random_state=search.seed, n_jobs=cores)
    return forest.set_params(**{**params, **more})


def fit(case: UseCase, params: Mapping[str, Any], rows: TrainingSet) -> tuple[Model, RandomForestClassifier]:
    """A model of some rows, and its forest as scikit-learn has it."""
    encoder, estimator = fit_estimator(case, params, rows)
    return Model(encoder, portable(estimator)), estimator


def fit_estimator(
    case: UseCase, params: Mapping[str, Any], rows: TrainingSet
) -> tuple[Encoder, RandomForestClassifier]:
    """An encoder and a forest, both fitted on these rows alone."""
    encoder, matrix = case.encoding.fit_transform(rows.features, rows.labels)
    return encoder, grow(case.search, params, matrix, rows.labels)


def score_unseen(
    search: Search,
    params: Mapping[str, Any],
    matrix: NDArray[np.float32],
    labels: NDArray[np.int64],
    unseen: NDArray[np.float32],
) -> tuple[NDArray[np.float64], float]:
    """P(class 1) of unseen rows by the forest that `grow` makes of the others, and the mean leaves of its trees."""
    if len(labels) <= MANY_ROWS and quick_forest.supported(params):
        forest = quick_forest.grow(params, search.trees, search.seed, matrix, labels)
        return forest.positive(unseen), forest.leaves
    grown = grow(search, params, matrix, labels)
    return grown.predict_proba(unseen)[:, 1], float(np.mean([tree.get_n_leaves() for tree in grown.estimators_]))


def with_trees(search: Search, share: int) -> Search:
    """The same search with one `share`-th of the trees: enough to compare by, at that part of the cost."""
    return replace(search, trees=max(search.trees // share, 1))


def portable(estimator: RandomForestClassifier) -> Forest:
    """The same forest as plain arrays."""
    trees = [each.tree_ for each in estimator.estimators_]
    sizes = [tree.node_count for tree in trees]
    roots = [0, *np.cumsum(sizes)[:-1].tolist()]
    feature, threshold, left, right, value = [], [], [], [], []
    for root, tree in zip(roots, trees, strict=True):
        leaf = tree.children_left < 0
        itself = np.arange(tree.node_count)
        feature.append(np.where(leaf, 0, tree.feature))
        threshold.append(np.where(leaf, LEAF_THRESHOLD, tree.threshold))
        left.append(root + np.where(leaf, itself, tree.children_left))
        right.append(root + np.where(leaf, itself, tree.children_right))
        value.append(tree.value[:, 0, 1])
    return Forest(
        columns=estimator.n_features_in_,
        depth=max(tree.max_depth for tree in trees),
        roots=roots,
        feature=np.concatenate(feature).tolist(),
        threshold=np.concatenate(threshold).tolist(),
        left=np.concatenate(left).tolist(),
        right=np.concatenate(right).tolist(),
        value=np.concatenate(value).tolist(),
    )
