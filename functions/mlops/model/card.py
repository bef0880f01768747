"""The model card: what a model is, what it was made of and how good it is, as JSON that is the same for the same model.

Curves are points for others to draw. It holds no times and no version: the version is the digest of all artifacts, this
one among them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import sklearn
from sklearn.ensemble import RandomForestClassifier

from mlops.model import evaluation
from mlops.model.cross_validation import Validation
from mlops.model.estimator import SEED
from mlops.model.holdout import SHARE
from mlops.model.search import FOLDS, Evaluation, Failure
from titanic.encoder import COLUMNS
from titanic.features import SCHEMA_HASH, Derived

FORMAT = 2
_TRAINED_ON = (
    "What serves is fitted on all passengers. Every figure under metrics, curves and slices is of a model with the "
    "same parameters that was fitted on the training part alone: the held-out fifth was not used to choose, fit or "
    "calibrate it, so they are passengers it has never seen, and so is any later comparison with another model."
)


def card(
    dataset_version: str,
    chosen: Evaluation,
    evaluations: Sequence[Evaluation],
    failures: Sequence[Failure],
    estimator: RandomForestClassifier,
    trained_on: tuple[Sequence[int], Sequence[int]],
    validation: Validation,
    held_out: tuple[Sequence[Derived], Sequence[int], Sequence[float]],
) -> dict[str, Any]:
    """The card of a model.

    `estimator` is the forest that serves; `trained_on` are the fates of all its rows and of the training part;
    `held_out` are rows, their fates and the judged model's P(survived).
    """
    rows, survived, probabilities = held_out
    everyone, training = trained_on
    return {
        "format": FORMAT,
        "algorithm": f"RandomForestClassifier of scikit-learn {sklearn.__version__}",
        "params": {**chosen.params, "n_estimators": estimator.n_estimators, "random_state": SEED},
        "code": code_digest(),
        "dataset_version": dataset_version,
        "schema_hash": SCHEMA_HASH,
        "serving": {"rows": len(everyone), "survived": sum(everyone)},
        "training": {"rows": len(training), "survived": sum(training), "note": _TRAINED_ON},
        "holdout": {"rows": len(rows), "survived": sum(survived), "share": SHARE, "by": "sha256 of PassengerId"},
        "metrics": evaluation.metrics(survived, probabilities),
        "cross_validation": validation.to_json(evaluation.DIGITS),
        "curves": evaluation.curves(survived, probabilities),
        "slices": evaluation.slices(rows, survived, probabilities),
        "importances": feature_importances(estimator.feature_importances_),
        "search": {
            "folds": FOLDS,
            "chosen": chosen.index,
            "candidates": [
                {"index": each.index, "params": each.params, "fold_scores": each.fold_scores, "mean": each.mean}
                for each in sorted(evaluations, key=lambda each: each.index)
            ],
            "failures": [asdict(each) for each in sorted(failures, key=lambda each: each.index)],
        },
    }


def code_digest() -> str:
    """Digest of the code that a model is made by: the domain's modules, whatever folder they lie in."""
    total = sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        total.update(module.name.encode() + b"\0" + module.read_bytes())
    return total.hexdigest()[:16]


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
