"""How good a model's probabilities are on rows it has not seen. For training alone."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score, roc_curve

from mlops.model.decision import decide
from mlops.model.training_set import TrainingSet, records
from mlops.statistics.proportion import wilson
from mlops.use_case import Slice, UseCase

# Digits kept: the last bits of a sum depend on the processor, and a model's version must not.
DIGITS = 6
# Points of a curve, of which a picture shows no more.
MAX_POINTS = 300
# Of so many rows with the same score no single one weighs much in it.
ROWS_OF_ONE_SCORE = 5


def metrics(labels: Sequence[int], probabilities: Sequence[float]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, ROC AUC, log loss, Brier score and the confusion matrix."""
    decisions = [decide(p) for p in probabilities]
    (tn, fp), (fn, tp) = confusion_matrix(labels, decisions, labels=[0, 1]).tolist()
    right = tp + tn
    return {
        "rows": len(labels),
        "accuracy": _round(right / len(labels)),
        "accuracy_interval": [_round(bound) for bound in wilson(right, len(labels))],
        "roc_auc": _round(roc_auc_score(labels, probabilities)),
        "log_loss": _round(log_loss(labels, probabilities, labels=[0, 1])),
        "brier": _round(brier_score_loss(labels, probabilities)),
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
    }


def curves(labels: Sequence[int], probabilities: Sequence[float]) -> dict[str, Any]:
    """The points of the ROC curve, and of the calibration curve over ten equally full bins, these with intervals."""
    false_rate, true_rate, _ = roc_curve(labels, probabilities)
    observed, predicted = calibration_curve(labels, probabilities, n_bins=10, strategy="quantile")
    calibration = _points("predicted", predicted, "observed", observed)
    for point, rows in zip(calibration, _bin_sizes(probabilities), strict=True):
        point["interval"] = [_round(bound) for bound in wilson(point["observed"] * rows, rows)]
        point["rows"] = rows
    return {
        "roc": _points("false_positive_rate", _thinned(false_rate), "true_positive_rate", _thinned(true_rate)),
        "calibration": calibration,
    }


def slices(declared: Sequence[Slice], rows: TrainingSet, probabilities: Sequence[float]) -> list[dict[str, Any]]:
    """Accuracy, share of class 1 and mean probability in each group of each declared slice."""
    judged = pd.DataFrame({"positive": rows.labels, "probability": probabilities}, index=rows.features.index)
    judged["accuracy"] = (judged["probability"] > 0.5) == (judged["positive"] == 1)
    return [
        {
            "feature": name,
            "value": value,
            "rows": len(positions),
            **{str(figure): _round(mean) for figure, mean in judged.iloc[positions].mean().items()},
        }
        for (name, value), positions in members(declared, rows.features).items()
    ]


def members(declared: Sequence[Slice], features: pd.DataFrame) -> dict[tuple[str, str], list[int]]:
    """The positions of the rows in each group, by (feature, value), in the order of the declaration."""
    groups: dict[tuple[str, str], list[int]] = {}
    for each in declared:
        cells = records(features[[each.feature]])
        values = pd.Series([each.value(row[each.feature]) for row in cells], dtype=object)
        found = values.groupby(values).indices
        names = [name for _, name in each.bounds]
        for value in sorted(map(str, found), key=lambda value: (names.index(value) if value in names else -1, value)):
            groups[each.feature, value] = np.asarray(found[value]).tolist()
    return groups


def baselines(case: UseCase, training: TrainingSet, rows: TrainingSet) -> list[dict[str, Any]]:
    """How good the majority class of the training rows and the use case's own rules are on these rows."""
    usual = int(2 * training.labels.sum() > len(training))
    decisions: dict[str, NDArray[Any]] = {"Majority class": np.full(len(rows), usual)}
    for each in case.baselines:
        decide = each.fit(records(training.features), training.labels.tolist())
        decisions[each.name] = np.array([decide(row) for row in records(rows.features)])
    return [
        {
            "name": name,
            "accuracy": _round(np.mean(made == rows.labels)),
            "interval": [_round(bound) for bound in wilson(int(np.sum(made == rows.labels)), len(rows))],
        }
        for name, made in decisions.items()
    ]


def _bin_sizes(probabilities: Sequence[float], bins: int = 10) -> list[int]:
    """How many rows are in each bin of `calibration_curve` that has any."""
    edges = np.percentile(probabilities, np.linspace(0, 1, bins + 1) * 100)
    counts = np.bincount(np.searchsorted(edges[1:-1], probabilities))
    return [int(count) for count in counts if count]


def _points(x_name: str, xs: Iterable[float], y_name: str, ys: Iterable[float]) -> list[dict[str, Any]]:
    return [{x_name: _round(x), y_name: _round(y)} for x, y in zip(xs, ys, strict=True)]


def _thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most so many of a curve's points, the first and the last among them."""
    if len(values) <= MAX_POINTS:
        return values
    points: NDArray[np.float64] = values[np.linspace(0, len(values) - 1, MAX_POINTS).round().astype(int)]
    return points


def _round(value: Any) -> float:
    return round(float(value), DIGITS)


def expected_scores(served: NDArray[np.float64], unseen: NDArray[np.float64]) -> list[float]:
    """The scores to expect of rows like the training rows, given a served and an unseen score of each.

    One that several rows have in common is expected as served: unseen ones scatter around it, which looks like drift.
    """
    _, place, rows = np.unique(served, return_inverse=True, return_counts=True)
    return [score for score in np.where(rows[place] >= ROWS_OF_ONE_SCORE, served, unseen).tolist() if score == score]
