"""The correlated t-test by hand, and on differences that really correlate as folds do."""

import numpy as np
import pytest
from scipy.stats import t

from mlops.statistics.correlated import posterior


def test_the_variance_is_corrected_for_folds_that_overlap() -> None:
    found = posterior([0.8, 0.84] * 12 + [0.82], folds=5)

    assert found.mean == pytest.approx(0.82)
    assert found.scale == pytest.approx(0.02 * np.sqrt(1 / 25 + 1 / 4))
    assert found.below(0.81) == pytest.approx(t.cdf(-0.01 / found.scale, 24))
    assert found.above(0.81) == pytest.approx(1 - found.below(0.81))
    assert found.interval() == pytest.approx((0.82 - 0.02223, 0.82 + 0.02223), abs=1e-5)


@pytest.mark.parametrize("values", [[0.0] * 10, [0.5]])
def test_what_is_always_the_same_leaves_no_doubt(values: list[float]) -> None:
    found = posterior(values, folds=5)

    assert (found.above(values[0]), found.below(values[0])) == (0, 0)
    assert (found.above(values[0] - 1), found.below(values[0] + 1)) == (1, 1)


def test_without_a_true_difference_it_is_rarely_sure() -> None:
    """5 x 5 folds whose differences correlate by 1/5, as those of shared training rows do."""
    rng = np.random.default_rng(3)
    draws = np.sqrt(0.2) * rng.normal(size=(2000, 1)) + np.sqrt(0.8) * rng.normal(size=(2000, 25))
    sure = np.mean([posterior(each.tolist(), folds=5).above(0) >= 0.95 for each in draws])

    assert 0.03 < sure < 0.07
