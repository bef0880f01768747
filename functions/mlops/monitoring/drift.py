"""Drift: how far what serving sees now has moved from what the champion was trained on.

Two questions of each feature and of the score, over a window of predictions, never of single rows. How large is the
shift: the population stability index (PSI). Can it be chance: a two-sample test, with Holm's correction, for there are
several of them. It is drift if it is both: of a large window chance explains nothing, of a small one it explains much
(under no drift PSI scatters like (1/n + 1/m) times a chi-square with bins - 1 degrees of freedom: B. Yurdakul,
"Statistical Properties of Population Stability Index", 2018). Below `MINIMUM_SAMPLE` no verdict is given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mlops.errors import ModelCorruptedError
from mlops.statistics import two_sample
from mlops.statistics.histogram import Histogram, Value, psi
from mlops.statistics.proportion import wilson
from mlops.statistics.reference import FORMAT, PREDICTION, ordered

# The usual reading of PSI (N. Siddiqi, "Credit Risk Scorecards", 2006): below 0.1 stable, above 0.25 a shift.
WATCH = 0.1
DRIFT = 0.25
# How often a window of the same world may be taken for another one by the tests, all of them together.
ALPHA = 0.01
THRESHOLDS = {"watch": WATCH, "drift": DRIFT, "alpha": ALPHA}
MINIMUM_SAMPLE = 200
MINIMUM_LABELLED = 100


def verdict(index: float, adjusted_p: float) -> str:
    """`drift` if the shift is large and no chance, `watch` if it is either noticeable or no chance, else `ok`."""
    if index >= DRIFT and adjusted_p <= ALPHA:
        return "drift"
    return "watch" if index >= WATCH or adjusted_p <= ALPHA else "ok"


def compare(
    reference: Mapping[str, Any], window: Sequence[Mapping[str, Any]], minimum: int = MINIMUM_SAMPLE
) -> dict[str, Any]:
    """The drift of a window of logged predictions (`features`, `probability`) against a stored reference.

    `status` is `drift` if the score or any feature drifts, `insufficient_data` below the minimum sample.
    ModelCorruptedError if the reference is of a format that this code does not know.
    """
    if reference.get("format") != FORMAT:
        raise ModelCorruptedError(f"Reference of format {reference.get('format')}, not {FORMAT}: train the model again")
    compared = [
        *(_compared(data, [entry["features"].get(data["name"]) for entry in window]) for data in reference["features"]),
        _compared(reference["prediction"], [entry[PREDICTION] for entry in window]),
    ]
    enough = len(window) >= minimum
    adjusted = two_sample.holm([each["test"]["p_value"] for each in compared])
    for each, adjusted_p in zip(compared, adjusted, strict=True):
        each["test"]["adjusted_p"] = adjusted_p
        each["status"] = verdict(each["psi"], adjusted_p) if enough else "insufficient_data"
    drifted = any(each["status"] == "drift" for each in compared)
    return {
        "status": "insufficient_data" if not enough else "drift" if drifted else "ok",
        "minimum_sample": minimum,
        "thresholds": THRESHOLDS,
        "features": compared[:-1],
        "prediction": compared[-1],
    }


def _compared(data: Mapping[str, Any], values: list[Value]) -> dict[str, Any]:
    expected = Histogram.from_json(data)
    actual = expected.of(values)
    if expected.type == "number":
        test, (statistic, p) = (
            "kolmogorov-smirnov",
            two_sample.kolmogorov_smirnov(*map(ordered, (data["sample"], values))),
        )
    else:
        test, (statistic, p) = "chi-square", two_sample.chi_square(expected.counts, actual.counts)
    return {
        "name": expected.name,
        "type": expected.type,
        "psi": round(psi(expected.counts, actual.counts), 4),
        "test": {"name": test, "statistic": round(statistic, 4), "p_value": p},
        "bins": expected.labels(),
        "reference": [round(share, 4) for share in expected.shares()],
        "current": [round(share, 4) for share in actual.shares()],
    }


def performance(right: int, labelled: int, held_out: Mapping[str, Any]) -> dict[str, Any]:
    """How right the champion is on rows whose label became known, against its card's figures on the held-out rows.

    It is drift if the two 95 % intervals have nothing in common: each is of a sample.
    """
    interval = [round(bound, 4) for bound in wilson(right, labelled)] if labelled else None
    status = "insufficient_data"
    if interval and labelled >= MINIMUM_LABELLED:
        worse = interval[1] < held_out["accuracy"]
        status = "drift" if interval[1] < held_out["accuracy_interval"][0] else "watch" if worse else "ok"
    return {
        "labelled": labelled,
        "accuracy": round(right / labelled, 4) if labelled else None,
        "interval": interval,
        "reference_accuracy": held_out["accuracy"],
        "status": status,
    }


def in_short(report: Mapping[str, Any]) -> dict[str, Any]:
    """What of a report a log or an event needs."""
    names = ("model_version", "status", "window", "sustained", "report_key")
    return {**{name: report[name] for name in names}, "drifted": drifted(report)}


def drifted(report: Mapping[str, Any]) -> list[str]:
    """The names of what drifts; `performance` is one of them."""
    compared = [each["name"] for each in (*report["features"], report["prediction"]) if each["status"] == "drift"]
    known = report["performance"]
    return [*compared, "performance"] if known and known["status"] == "drift" else compared
