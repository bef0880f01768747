"""Intervals of proportions, and differences between paired ones."""

import pytest

from mlops.statistics.proportion import mcnemar, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "interval"), [(81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611)), (29, 29, (0.8830, 1.0))]
)
def test_the_interval_as_published(successes: int, trials: int, interval: tuple[float, float]) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3."""
    assert wilson(successes, trials) == pytest.approx(interval, abs=1e-4)


@pytest.mark.parametrize(("wins", "losses", "errors"), [(12, 2, 2.6726), (3, 3, 0.0), (0, 5, -2.2361), (0, 0, 0.0)])
def test_who_is_right_more_often(wins: int, losses: int, errors: float) -> None:
    assert mcnemar(wins, losses) == pytest.approx(errors, abs=1e-4)
