"""What a `TableEncoder` learns from training rows."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops.use_case import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A category of more values than this is encoded by target means.
MAX_ONE_HOT = 10
# Target means reach training rows out-of-fold: row i is in fold i modulo FOLDS.
FOLDS = 5
# The m of the m-estimate: so many rows of the prior are added to each value's own (D. Micci-Barreca, "A preprocessing
# scheme for high-cardinality categorical attributes in classification and prediction problems", 2001, equation 3).
SMOOTHING = 10.0


def described(feature: Feature, cells: "pd.Series[Any]", labels: "NDArray[np.int64]") -> dict[str, Any]:
    """One part of a `TableEncoder` as JSON: of a number, a one-hot category, or a category by target means."""
    part = {"feature": feature.name, "missing": bool(cells.isna().any())}
    if feature.type != "category":
        largest = float(np.finfo(np.float32).max)
        known = cells.dropna().clip(-largest, largest)
        return {**part, "fill": float(known.median()) if len(known) else 0.0}
    codes, values = pd.factorize(cells, sort=True)
    if len(values) <= MAX_ONE_HOT:
        return {**part, "values": [str(value) for value in values]}
    prior = float(np.mean(labels))
    means, counts = _smoothed(codes, labels, codes >= 0, len(values), prior)
    # A value's only row is at the prior out-of-fold, so that is where it belongs when it comes again.
    repeated = {str(value): float(means[i]) for i, value in enumerate(values) if counts[i] > 1}
    return {**part, "prior": prior, "means": repeated}


def out_of_fold(cells: "pd.Series[Any]", labels: "NDArray[np.int64]", prior: float) -> "NDArray[np.float64]":
    """Each row's target mean by the rows of the other folds; the prior is the same for all, so it tells nothing."""
    codes, values = pd.factorize(cells)
    found, fold, known = np.full(len(codes), prior), np.arange(len(codes)) % FOLDS, codes >= 0
    for held_out in range(FOLDS):
        own = known & (fold == held_out)
        means, _ = _smoothed(codes, labels, known & (fold != held_out), len(values), prior)
        found[own] = means[codes[own]]
    return found


def _smoothed(
    codes: "NDArray[np.int64]", labels: "NDArray[np.int64]", rows: "NDArray[np.bool_]", values: int, prior: float
) -> "tuple[NDArray[np.float64], NDArray[np.int64]]":
    """The m-estimate of each value's mean label among some rows, and how many of them have it."""
    counts = np.bincount(codes[rows], minlength=values)
    return (np.bincount(codes[rows], labels[rows], values) + SMOOTHING * prior) / (counts + SMOOTHING), counts
