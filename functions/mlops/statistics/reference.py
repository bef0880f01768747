"""What later windows are compared with: histograms of the training rows' features and of the scores they were given."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from mlops.statistics.histogram import Histogram, Value, categorical, numeric, psi
from mlops.statistics.two_sample import chi_square
from mlops.use_case import Feature, UseCase

if TYPE_CHECKING:
    import pandas as pd

PREDICTION = "probability"
FORMAT = 2
# So many order statistics of a longer sample are kept for its tests.
SAMPLE = 1000
# How often the same world may be taken for another one by a feature's test.
ALPHA = 0.01


def reference(case: UseCase, features: "pd.DataFrame", probabilities: Sequence[float]) -> dict[str, Any]:
    """Histograms as plain JSON, and of numbers an ordered sample.

    `features` are those of the training rows, `probabilities` P(class 1) of the same rows by trees that did not see
    them: a forest scores the rows it was grown on too boldly. Keys are left out: each names a group, so new ones are no
    news.
    """

    return {
        "format": FORMAT,
        "schema_hash": case.schema_hash,
        "rows": len(features),
        "features": [
            _numbers(feature.name, _values(feature, features))
            if feature.type == "number"
            else categorical(feature.name, _values(feature, features)).to_json()
            for feature in case.features
            if feature.type != "key"
        ],
        "prediction": _numbers(PREDICTION, list(probabilities)),
    }


def moved(case: UseCase, reference: Mapping[str, Any], features: "pd.DataFrame") -> dict[str, float]:
    """The population stability index of each feature of other rows, where a test says that it is no chance."""
    found, features_of = {}, {feature.name: feature for feature in case.features}
    for data in reference["features"]:
        if data["name"] in features_of:
            expected = Histogram.from_json(data)
            actual = expected.of(_values(features_of[expected.name], features))
            if chi_square(expected.counts, actual.counts)[1] <= ALPHA:
                found[expected.name] = psi(expected.counts, actual.counts)
    return found


def ordered(values: Iterable[Value]) -> list[float]:
    """As one ordered variable: what is not recorded comes before all that is."""
    return sorted(-inf if value is None else float(value) for value in values)


def _values(feature: Feature, features: "pd.DataFrame") -> list[Value]:
    """None for what is not recorded; a flag is 0 or 1 in a prediction, and a float in a frame."""
    values: list[Value] = [None if value != value else value for value in features[feature.name].tolist()]  # NaN
    return [None if value is None else str(int(float(value))) for value in values] if feature.type == "flag" else values


def _numbers(name: str, values: Sequence[Value]) -> dict[str, Any]:
    known = ordered(values)
    thinned = [known[place * len(known) // SAMPLE] for place in range(SAMPLE)] if len(known) > SAMPLE else known
    return {**numeric(name, values).to_json(), "sample": [None if each == -inf else each for each in thinned]}
