"""Histograms: nothing is lost, whatever is counted."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mlops.statistics.histogram import Histogram, categorical, numeric

NUMBERS = st.lists(st.none() | st.integers(0, 5) | st.floats(-1e6, 1e6))
CATEGORIES = st.lists(st.none() | st.sampled_from(["a", "b"]) | st.integers(0, 3))


@given(NUMBERS, NUMBERS)
def test_every_number_falls_into_one_bin(reference: list[float | None], current: list[float | None]) -> None:
    histogram = numeric("age", reference)

    assert list(histogram.cuts) == sorted(set(histogram.cuts))
    for sample in (histogram, histogram.of(current)):
        assert len(sample.labels()) == len(sample.counts) == len(histogram.cuts) + 2
    assert sum(histogram.counts) == len(reference)
    assert sum(histogram.of(current).counts) == len(current)
    assert histogram.of(reference) == histogram
    assert histogram.counts[-1] == reference.count(None)


@given(CATEGORIES, CATEGORIES)
def test_every_category_falls_into_one_bin(reference: list[str | int | None], current: list[str | int | None]) -> None:
    histogram = categorical("deck", reference)

    assert histogram.counts[-2] == 0
    assert sum(histogram.of(current).counts) == len(current)
    assert histogram.of(current).counts[-2] == sum(v is not None and v not in reference for v in current)
    assert len(histogram.labels()) == len(histogram.counts)


@given(NUMBERS)
def test_json_and_back(values: list[float | None]) -> None:
    histogram = numeric("age", values)

    assert Histogram.from_json(json.loads(json.dumps(histogram.to_json()))) == histogram


def test_numbers_are_cut_at_quantiles_and_bounds_are_inclusive() -> None:
    histogram = numeric("age", [*range(1, 101), None])

    assert histogram.cuts == (10, 20, 30, 40, 50, 60, 70, 80, 90)
    assert histogram.counts == (*[10] * 10, 1)
    assert histogram.of([10, 10.5, 90, 1000, -1, None]).counts == (2, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1)
    assert histogram.labels()[0:2] == ["up to 10", "10 to 20"]
    assert histogram.labels()[-2:] == ["above 90", "missing"]


def test_few_values_get_few_bins_and_none_gets_one() -> None:
    assert numeric("sibsp", [0] * 70 + [1] * 20 + [5] * 10).cuts == (0, 1)
    assert numeric("parch", [0] * 10).counts == (10, 0)
    assert numeric("fare", [None]).labels() == ["any", "missing"]
