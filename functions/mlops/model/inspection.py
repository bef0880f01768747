"""What a model leans on, seen on rows that it has not seen. For training alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlops.model.partial_dependence import partial_dependence
from mlops.model.permutation_importance import REPEATS, permutation_importance
from mlops.model.portable import Model
from mlops.model.training_set import TrainingSet

ROWS = 1000  # of very many, so many are looked at
FEATURES, CURVES = 20, 6


def inspect(model: Model, rows: TrainingSet, features: Sequence[str], seed: int) -> dict[str, Any]:
    """For the model card: `permutation`, greatest first, and `partial_dependence` of those that matter most.

    `features` are in the order in which they are likely to matter. At least two rows.
    """
    rows = rows.take(np.linspace(0, len(rows) - 1, min(len(rows), ROWS)).round().astype(np.intp))
    matrix = model.encoder.transform(rows.features)
    its = model.encoder.inputs
    columns = {name: [at for at, each in enumerate(its) if name in each.features] for name in features[:FEATURES]}
    inputs = {name: places for name, places in columns.items() if places}  # the judged model may have fewer
    found = permutation_importance(model, matrix, rows.labels, inputs, seed)

    def curve(name: str) -> dict[str, Any]:
        learned = pd.Series(matrix[:, inputs[name][0]])  # what the encoder alone makes is no column
        cells = rows.features.get(name, learned)
        return {"feature": name, "points": partial_dependence(model, matrix, cells, inputs[name])}

    curves = [curve(each["feature"]) for each in found[:CURVES]]
    return {"rows": len(rows), "repeats": REPEATS, "permutation": found, "partial_dependence": curves}
