"""The model card: what a model is, what it was made of and how good it is, as JSON that is the same for the same model.

Curves are points for others to draw. It holds no times and no version: the version is the digest of all artifacts, this
one among them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sklearn

from titanic import evaluation
from titanic.encoder import COLUMNS
from titanic.estimator import SEED
from titanic.features import SCHEMA_HASH, Derived
from titanic.holdout import SHARE
from titanic.search import FOLDS, Evaluation

FORMAT = 1
_TRAINED_ON = (
    "The published model is the one fitted on the training part alone. The held-out fifth was not used to choose, fit "
    "or calibrate it, so every figure under metrics, curves and slices is of passengers it has never seen, and so is "
    "any later comparison with another model."
)


def card(
    dataset_version: str,
    chosen: Evaluation,
    evaluations: Sequence[Evaluation],
    trees: int,
    importances: Sequence[float],
    training: Sequence[int],
    held_out: tuple[Sequence[Derived], Sequence[int], Sequence[float]],
) -> dict[str, Any]:
    """The card of a model fitted on `training` fates; `held_out` are rows, their fates and its P(survived)."""
    rows, survived, probabilities = held_out
    return {
        "format": FORMAT,
        "algorithm": f"RandomForestClassifier of scikit-learn {sklearn.__version__}",
        "params": {**chosen.params, "n_estimators": trees, "random_state": SEED},
        "dataset_version": dataset_version,
        "schema_hash": SCHEMA_HASH,
        "training": {"rows": len(training), "survived": sum(training), "note": _TRAINED_ON},
        "holdout": {"rows": len(rows), "survived": sum(survived), "share": SHARE, "by": "sha256 of PassengerId"},
        "metrics": evaluation.metrics(survived, probabilities),
        "curves": evaluation.curves(survived, probabilities),
        "slices": evaluation.slices(rows, survived, probabilities),
        "importances": feature_importances(importances),
        "search": {
            "folds": FOLDS,
            "chosen": chosen.index,
            "candidates": [
                {"index": each.index, "params": each.params, "fold_scores": each.fold_scores, "mean": each.mean}
                for each in sorted(evaluations, key=lambda each: each.index)
            ],
        },
    }


def feature_importances(by_column: Sequence[float]) -> dict[str, float]:
    """Impurity importance of each feature, greatest first; a column made of several divides its own among them."""
    total: dict[str, float] = {}
    for column, importance in zip(COLUMNS, by_column, strict=True):
        for feature in column.features:
            total[feature] = total.get(feature, 0.0) + float(importance) / len(column.features)
    ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {feature: round(importance, evaluation.DIGITS) for feature, importance in ranked}


def as_json(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document, the same for the same content."""
    return json.dumps(document, indent=2, sort_keys=True).encode()
