"""Intervals of proportions."""

import pytest

from titanic.proportion import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "interval"), [(81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611)), (29, 29, (0.8830, 1.0))]
)
def test_the_interval_as_published(successes: int, trials: int, interval: tuple[float, float]) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3."""
    assert wilson(successes, trials) == pytest.approx(interval, abs=1e-4)
