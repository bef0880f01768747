"""How good a model's probabilities are on passengers it has not seen. For training alone."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score, roc_curve

from mlops.statistics.proportion import wilson
from mlops.training.gate import decide
from titanic.features import Derived
from titanic.slices import members

# Digits kept: the last bits of a sum depend on the processor, and a model's version must not.
DIGITS = 6


def metrics(survived: Sequence[int], probabilities: Sequence[float]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, ROC AUC, log loss, Brier score and the confusion matrix."""
    decisions = [decide(p) for p in probabilities]
    (tn, fp), (fn, tp) = confusion_matrix(survived, decisions, labels=[0, 1]).tolist()
    right = tp + tn
    return {
        "rows": len(survived),
        "accuracy": _round(right / len(survived)),
        "accuracy_interval": [_round(bound) for bound in wilson(right, len(survived))],
        "roc_auc": _round(roc_auc_score(survived, probabilities)),
        "log_loss": _round(log_loss(survived, probabilities, labels=[0, 1])),
        "brier": _round(brier_score_loss(survived, probabilities)),
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
    }


def curves(survived: Sequence[int], probabilities: Sequence[float]) -> dict[str, Any]:
    """The points of the ROC curve, and of the calibration curve over ten equally full bins."""
    false_rate, true_rate, _ = roc_curve(survived, probabilities)
    observed, predicted = calibration_curve(survived, probabilities, n_bins=10, strategy="quantile")
    return {
        "roc": _points("false_positive_rate", false_rate, "true_positive_rate", true_rate),
        "calibration": _points("predicted", predicted, "observed", observed),
    }


def slices(rows: Sequence[Derived], survived: Sequence[int], probabilities: Sequence[float]) -> list[dict[str, Any]]:
    """Accuracy, share of survivors and mean probability by sex, class and age."""
    right = [decide(p) == fate for p, fate in zip(probabilities, survived, strict=True)]
    return [
        {
            "feature": name,
            "value": value,
            "rows": len(numbers),
            "accuracy": _round(np.mean([right[i] for i in numbers])),
            "survived": _round(np.mean([survived[i] for i in numbers])),
            "probability": _round(np.mean([probabilities[i] for i in numbers])),
        }
        for (name, value), numbers in members(rows).items()
    ]


def _points(x_name: str, xs: Iterable[float], y_name: str, ys: Iterable[float]) -> list[dict[str, float]]:
    return [{x_name: _round(x), y_name: _round(y)} for x, y in zip(xs, ys, strict=True)]


def _round(value: Any) -> float:
    return round(float(value), DIGITS)
