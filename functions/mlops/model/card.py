"""The model card: what a model is, what it was made of and how good it is, as JSON that is the same for the same model.

Curves are points for others to draw. It holds no times and no version: the version is the digest of all artifacts, this
one among them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sklearn
from sklearn.ensemble import RandomForestClassifier

from mlops.model import evaluation
from mlops.model.cross_validation import Validation
from mlops.model.holdout import SHARE, Parts
from mlops.model.portable import Model
from mlops.model.search import FOLDS, Evaluation, Failure
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase

FORMAT = 3
_TRAINED_ON = (
    "What serves is fitted on all rows. Every figure under metrics, curves, slices and baselines is of a model with "
    "the same parameters that was fitted on the training part alone: the held-out fifth was not used to choose, fit or "
    "calibrate it, so these are rows it has never seen, and so is any later comparison with another model."
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model that serves, its forest as scikit-learn has it, and the model that was judged."""

    model: Model
    estimator: RandomForestClassifier
    judged: Model


def card(
    case: UseCase,
    dataset_version: str,
    code: str,
    searched: tuple[Evaluation, Sequence[Evaluation], Sequence[Failure]],
    parts: Parts,
    fitted: Fitted,
    validation: Validation,
) -> dict[str, Any]:
    """The card of a model: `searched` is the winner of the search, all that were scored, and those that failed."""
    chosen, evaluations, failures = searched
    labels = parts.holdout.labels.tolist()
    probabilities = fitted.judged.score(parts.holdout.features)
    by = "its content" if case.id is None else case.id.name
    return {
        "format": FORMAT,
        "use_case": case.name,
        "label": {"name": case.label.name, "key": case.label.key, "words": list(case.label.titles)},
        "algorithm": f"RandomForestClassifier of scikit-learn {sklearn.__version__}",
        "params": {**chosen.params, "n_estimators": case.search.trees, "random_state": case.search.seed},
        "code": code,
        "dataset_version": dataset_version,
        "schema_hash": case.schema_hash,
        "serving": _counts(parts.everyone),
        "training": {**_counts(parts.training), "note": _TRAINED_ON},
        "holdout": {**_counts(parts.holdout), "share": SHARE, "by": f"sha256 of {by}"},
        "metrics": evaluation.metrics(labels, probabilities),
        "baselines": evaluation.baselines(case, parts.training, parts.holdout),
        "cross_validation": validation.to_json(evaluation.DIGITS),
        "curves": evaluation.curves(labels, probabilities),
        "slices": evaluation.slices(case.slices, parts.holdout, probabilities),
        "importances": feature_importances(fitted),
        "search": {
            "folds": FOLDS,
            "scoring": case.search.scoring,
            "choose": case.search.choose,
            "chosen": chosen.index,
            "candidates": [
                {**asdict(each), "mean": each.mean} for each in sorted(evaluations, key=lambda each: each.index)
            ],
            "failures": [asdict(each) for each in sorted(failures, key=lambda each: each.index)],
        },
    }


def feature_importances(fitted: Fitted) -> dict[str, float]:
    """Impurity importance of each feature, greatest first; an input made of several divides its own among them."""
    total: dict[str, float] = {}
    for each, importance in zip(fitted.model.encoder.inputs, fitted.estimator.feature_importances_, strict=True):
        for feature in each.features:
            total[feature] = total.get(feature, 0.0) + float(importance) / len(each.features)
    ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {feature: round(importance, evaluation.DIGITS) for feature, importance in ranked}


def as_json(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document, the same for the same content."""
    return json.dumps(document, indent=2, sort_keys=True).encode()


def _counts(rows: TrainingSet) -> dict[str, int]:
    return {"rows": len(rows), "positive": int(rows.labels.sum())}
