"""Two samples of one distribution or not: held to scipy, which the functions do without."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops.statistics import two_sample

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(sorted)
COUNTS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=15)


@given(one=NUMBERS, other=NUMBERS)
def test_the_distance_is_scipys(one: list[float], other: list[float]) -> None:
    distance, p = two_sample.kolmogorov_smirnov(one, other)

    assert distance == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert 0 <= p <= 1


@pytest.mark.parametrize("shift", [0, 0.1, 0.2, 0.4])
def test_p_values_are_close_to_the_exact_ones(shift: float) -> None:
    chance = random.Random(1)
    for _ in range(20):
        one = sorted(chance.gauss(0, 1) for _ in range(700))
        other = sorted(chance.gauss(shift, 1) for _ in range(300))
        exact = stats.ks_2samp(one, other, method="exact").pvalue
        assert two_sample.kolmogorov_smirnov(one, other)[1] == pytest.approx(exact, rel=0.15, abs=0.02)


@given(COUNTS)
def test_chi_square_is_scipys(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*((a + 10, b + 10) for a, b in pairs), strict=True)
    expected = stats.chi2_contingency([one, other], correction=False)

    statistic, p = two_sample.chi_square(one, other)

    if min(expected.expected_freq.ravel()) >= two_sample.EXPECTED:
        assert statistic == pytest.approx(expected.statistic)
        assert p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("freedom", range(1, 20))
@pytest.mark.parametrize("statistic", [0.0, 0.1, 1, 5, 20, 200])
def test_the_tail_is_scipys(freedom: int, statistic: float) -> None:
    assert two_sample._above(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom), rel=1e-9)


def test_rare_bins_are_tested_as_one() -> None:
    many = [500, 400, *[1] * 20]
    assert two_sample.chi_square(many, many) == (0, 1)
    statistic, p = two_sample.chi_square(many, [*many[:2], *[3] * 20])
    assert (statistic, p) == pytest.approx(
        stats.chi2_contingency([[500, 400, 20], [500, 400, 60]], correction=False)[:2]
    )


@pytest.mark.parametrize(("one", "other"), [([], [1.0]), ([1.0], []), ([], [])])
def test_of_nothing_nothing_is_concluded(one: list[float], other: list[float]) -> None:
    assert two_sample.kolmogorov_smirnov(one, other) == (0, 1)
    assert two_sample.chi_square([len(one), 0], [len(other), 0]) == (0, 1)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_is_what_it_says(p_values: list[float]) -> None:
    adjusted = two_sample.holm(p_values)

    in_order = sorted(range(len(p_values)), key=p_values.__getitem__)
    by_hand = [(len(p_values) - place) * p_values[index] for place, index in enumerate(in_order)]
    for place, index in enumerate(in_order):
        assert adjusted[index] == pytest.approx(min(1.0, max(by_hand[: place + 1])))


def test_holm_errs_at_all_as_seldom_as_it_says() -> None:
    chance = random.Random(2)
    wrong = sum(min(two_sample.holm([chance.random() for _ in range(13)])) <= 0.05 for _ in range(4000))

    assert 0.035 < wrong / 4000 < 0.065
