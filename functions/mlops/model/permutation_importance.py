"""Permutation importance: how much worse a model is on rows it has not seen, once a feature is noise. For training.

It is the rise of the log loss (nats) when a feature's values are shuffled among the rows (L. Breiman, "Random
Forests", Machine Learning 45, 2001). Losses are compared row by row, so the interval tells how sure it is for others.

Values are shuffled at the model's own inputs: scikit-learn's function would encode all rows anew each time, and knows
no features that only the encoder makes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.model.out_of_fold import DIGITS, log_losses
from mlops.model.portable import Model
from mlops.statistics.correlated import Posterior

REPEATS = 10


def permutation_importance(
    model: Model, matrix: NDArray[np.float32], labels: NDArray[np.int64], inputs: Mapping[str, Sequence[int]], seed: int
) -> list[dict[str, Any]]:
    """Of each feature, known by the columns of its inputs: the mean rise and its 95 % interval, greatest first."""
    orders = [np.random.default_rng([seed, each]).permutation(len(matrix)) for each in range(REPEATS)]
    found: list[dict[str, Any]] = []
    (whole,) = chances(model, matrix, (), [matrix[:, :0]])
    for name, columns in inputs.items():
        shuffled = chances(model, matrix, columns, [matrix[order][:, columns] for order in orders])
        rises = log_losses(np.tile(labels, (REPEATS, 1)), shuffled).mean(axis=0) - log_losses(labels, whole)
        mean, error = float(rises.mean()), float(rises.std(ddof=1)) / len(rises) ** 0.5
        interval = [round(bound, DIGITS) for bound in Posterior(mean, error, len(rises) - 1).interval()]
        found.append({"feature": name, "mean": round(mean, DIGITS), "interval": interval})
    return sorted(found, key=lambda each: (-each["mean"], each["feature"]))


def chances(
    model: Model, matrix: NDArray[np.float32], columns: Sequence[int], blocks: Iterable[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """P(class 1), shape (blocks, rows): of the rows of a matrix, with each block in place of these columns."""
    changed = []
    for block in blocks:
        changed.append(matrix.copy())
        changed[-1][:, columns] = block
    return np.reshape(model.forest.probabilities(np.vstack(changed).tolist()), (len(changed), len(matrix)))
