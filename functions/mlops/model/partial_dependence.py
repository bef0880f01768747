"""Partial dependence: the mean chance if all rows had the same value of a feature. For training alone.

After J. Friedman, "Greedy Function Approximation", Annals of Statistics 29, 2001. The value is changed at the model's
own inputs, to those of a row that has it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.model.out_of_fold import DIGITS
from mlops.model.permutation_importance import chances
from mlops.model.portable import Model

POINTS = 12


def partial_dependence(
    model: Model, matrix: NDArray[np.float32], cells: "pd.Series[Any]", columns: Sequence[int]
) -> list[dict[str, Any]]:
    """Of a feature with these cells, at these columns: the chance at each value, and the middle half of all rows'."""
    places = _grid(cells.reset_index(drop=True))
    if not places:
        return []
    blocks = [np.broadcast_to(matrix[place, columns], (len(matrix), len(columns))) for place in places]
    values = [cells.iloc[place] for place in places]
    return [
        {
            "value": str(value) if isinstance(value, str) else round(float(value), DIGITS),
            "probability": round(float(found.mean()), DIGITS),
            "middle_half": [round(float(quartile), DIGITS) for quartile in np.quantile(found, [0.25, 0.75])],
        }
        for value, found in zip(values, chances(model, matrix, columns, blocks), strict=True)
    ]


def _grid(cells: "pd.Series[Any]") -> list[int]:
    """Places of rows whose values are looked at: of numbers quantiles in order, of anything else the most frequent."""
    known = cells.dropna()
    if not len(known):
        return []
    if pd.api.types.is_numeric_dtype(cells):
        values = list(np.unique(np.quantile(known, np.linspace(0, 1, POINTS), method="nearest")))
    else:
        counts = known.value_counts()
        values = sorted(counts.index, key=lambda value: (-counts[value], value))[:POINTS]
    return [int((known == value).idxmax()) for value in values]
