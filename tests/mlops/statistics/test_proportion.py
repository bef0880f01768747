"""Intervals of proportions, and of differences between paired ones."""

from math import comb

import pytest

from mlops.statistics.proportion import paired_lower_bound, paired_score, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "interval"), [(81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611)), (29, 29, (0.8830, 1.0))]
)
def test_the_interval_as_published(successes: int, trials: int, interval: tuple[float, float]) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3."""
    assert wilson(successes, trials) == pytest.approx(interval, abs=1e-4)


@pytest.mark.parametrize(("wins", "losses"), [(12, 2), (3, 3), (0, 5)])
def test_at_no_difference_the_score_is_mcnemars(wins: int, losses: int) -> None:
    assert paired_score(wins, losses, 50, 0.0) == pytest.approx((wins - losses) / (wins + losses) ** 0.5)


def test_the_bound_is_where_the_score_becomes_significant() -> None:
    bound = paired_lower_bound(5, 8, 178)

    assert paired_score(5, 8, 178, bound) == pytest.approx(1.645, abs=1e-6)
    assert bound < (5 - 8) / 178


@pytest.mark.parametrize(("wins", "losses", "bound"), [(0, 0, 0.0), (40, 0, 1.0), (0, 40, -1.0)])
def test_at_the_ends_it_is_no_surer_than_the_sample_allows(wins: int, losses: int, bound: float) -> None:
    assert paired_lower_bound(wins, losses, 40) == pytest.approx(bound, abs=0.13)
    assert paired_lower_bound(wins, losses, 40) <= bound


@pytest.mark.parametrize("agreement", [0.9, 0.8])
def test_a_challenger_at_the_margin_passes_by_mistake_no_more_often_than_promised(agreement: float) -> None:
    """Every outcome of sixty pairs, weighed by its probability where the true difference is the margin itself."""
    trials, margin = 60, 0.1
    losing = (1 - agreement + margin) / 2
    winning = losing - margin
    passed = sum(
        comb(trials, wins) * comb(trials - wins, losses)
        * winning**wins * losing**losses * (1 - winning - losing) ** (trials - wins - losses)
        for wins in range(trials + 1)
        for losses in range(trials - wins + 1)
        if (winning or not wins) and paired_lower_bound(wins, losses, trials) >= -margin
    )  # fmt: skip
    assert 0.01 < passed < 0.06
