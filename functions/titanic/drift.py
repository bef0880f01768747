"""Drift: how far what serving sees now has moved from what the champion was trained on.

Measured by the population stability index (PSI) over a window of predictions, per feature and for the score, never on
single rows. Under no drift PSI scatters like (1/n + 1/m) times a chi-square with bins - 1 degrees of freedom
(B. Yurdakul, "Statistical Properties of Population Stability Index", 2018), so a small window looks like drift by
chance: below `MINIMUM_SAMPLE` no verdict is given. 200 against 800 rows in 10 bins average 0.06, far below 0.25.
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from titanic.errors import ModelCorruptedError
from titanic.features import REGISTRY, SCHEMA_HASH, Derived
from titanic.histogram import Histogram, categorical, numeric

# The usual reading of PSI (N. Siddiqi, "Credit Risk Scorecards", 2006): below 0.1 stable, above 0.25 a shift.
WATCH = 0.1
DRIFT = 0.25
MINIMUM_SAMPLE = 200

PREDICTION = "probability"
FORMAT = 1


def reference(rows: Sequence[Derived], probabilities: Sequence[float]) -> dict[str, Any]:
    """What later windows are compared with, as plain JSON: the histograms of the training rows and of their scores.

    `rows` are derived features, `probabilities` the model's P(survived) of the same rows: pass out-of-fold ones, for a
    forest scores the rows it was grown on too boldly, and serving would look like drift. Keys are left out: each
    names a ticket or a family, so new ones are no news.
    """
    return {
        "format": FORMAT,
        "schema_hash": SCHEMA_HASH,
        "rows": len(rows),
        "features": [
            (numeric if feature.type == "number" else categorical)(
                feature.name, [row[feature.name] for row in rows]
            ).to_json()
            for feature in REGISTRY
            if feature.type != "key"
        ],
        "prediction": numeric(PREDICTION, list(probabilities)).to_json(),
    }


def psi(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Population stability index of two samples' counts over the same bins: sum of (a - e) * ln(a / e) over shares.

    The formula is Siddiqi's; it is Jeffreys' divergence of the two distributions. Half a row is added to each bin
    that either sample fills, for the logarithm of an empty one has no value.
    """
    filled = [(e + 0.5, a + 0.5) for e, a in zip(expected, actual, strict=True) if e or a]
    expected_size, actual_size = sum(e for e, _ in filled), sum(a for _, a in filled)
    shares = [(e / expected_size, a / actual_size) for e, a in filled]
    return sum((a - e) * log(a / e) for e, a in shares)


def verdict(index: float) -> str:
    """`ok`, `watch` or `drift`, by the usual thresholds."""
    return "drift" if index >= DRIFT else "watch" if index >= WATCH else "ok"


def compare(reference: Mapping[str, Any], window: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The drift of a window of logged predictions (`features`, `probability`) against a stored reference.

    `status` is `drift` if the score or any feature drifts, `insufficient_data` below the minimum sample.
    ModelCorruptedError if the reference is of a format that this code does not know.
    """
    if reference.get("format") != FORMAT:
        raise ModelCorruptedError(f"Reference of format {reference.get('format')}, not {FORMAT}: train the model again")
    features = [
        _compared(Histogram.from_json(data), [entry["features"].get(data["name"]) for entry in window])
        for data in reference["features"]
    ]
    prediction = _compared(Histogram.from_json(reference["prediction"]), [entry[PREDICTION] for entry in window])
    drifted = any(each["status"] == "drift" for each in (*features, prediction))
    status = "insufficient_data" if len(window) < MINIMUM_SAMPLE else "drift" if drifted else "ok"
    return {"status": status, "minimum_sample": MINIMUM_SAMPLE, "features": features, "prediction": prediction}


def _compared(expected: Histogram, values: list[Any]) -> dict[str, Any]:
    actual = expected.of(values)
    index = psi(expected.counts, actual.counts)
    return {
        "name": expected.name,
        "type": expected.type,
        "psi": round(index, 4),
        "status": verdict(index) if actual.size >= MINIMUM_SAMPLE else "insufficient_data",
        "bins": expected.labels(),
        "reference": [round(share, 4) for share in expected.shares()],
        "current": [round(share, 4) for share in actual.shares()],
    }
