"""What later windows are compared with: histograms of the training rows' features and of the scores they were given."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from mlops.statistics.histogram import Value, categorical, numeric
from mlops.use_case import UseCase

if TYPE_CHECKING:
    import pandas as pd

PREDICTION = "probability"
FORMAT = 2
# So many order statistics of a longer sample are kept for its tests.
SAMPLE = 1000


def reference(case: UseCase, features: "pd.DataFrame", probabilities: Sequence[float]) -> dict[str, Any]:
    """Histograms as plain JSON, and of numbers an ordered sample.

    `features` are those of the training rows, `probabilities` P(class 1) of the same rows by trees that did not see
    them: a forest scores the rows it was grown on too boldly. Keys are left out: each names a group, so new ones are no
    news.
    """

    def values(name: str) -> list[Value]:
        return [None if value != value else value for value in features[name].tolist()]  # NaN

    return {
        "format": FORMAT,
        "schema_hash": case.schema_hash,
        "rows": len(features),
        "features": [
            _numbers(feature.name, values(feature.name))
            if feature.type == "number"
            else categorical(feature.name, _as_text(feature.type, values(feature.name))).to_json()
            for feature in case.features
            if feature.type != "key"
        ],
        "prediction": _numbers(PREDICTION, list(probabilities)),
    }


def ordered(values: Iterable[Value]) -> list[float]:
    """As one ordered variable: what is not recorded comes before all that is."""
    return sorted(-inf if value is None else float(value) for value in values)


def _as_text(kind: str, values: list[Value]) -> list[Value]:
    """A flag is 0 or 1 in a prediction, and a float in a frame."""
    return [None if value is None else str(int(float(value))) for value in values] if kind == "flag" else values


def _numbers(name: str, values: Sequence[Value]) -> dict[str, Any]:
    known = ordered(values)
    thinned = [known[place * len(known) // SAMPLE] for place in range(SAMPLE)] if len(known) > SAMPLE else known
    return {**numeric(name, values).to_json(), "sample": [None if each == -inf else each for each in thinned]}
