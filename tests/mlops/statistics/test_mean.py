"""The lower bound of a mean, by hand and by simulation."""

import random

import pytest

from mlops.statistics.mean import paired_lower_bound


def test_by_hand() -> None:
    """Mean 2, standard deviation 1, four differences: 2 - 1.645 / 2, less the correction of n - 1."""
    assert paired_lower_bound([1, 3, 1, 3]) == pytest.approx(2 - 1.645 * (4 / 3) ** 0.5 / 2)
    assert paired_lower_bound([2.0, 2.0]) == 2.0


def test_of_a_hundred_samples_around_zero_about_five_are_taken_for_more() -> None:
    chance = random.Random(1)
    samples = [[chance.gauss(0, 1) for _ in range(100)] for _ in range(2000)]

    assert sum(paired_lower_bound(sample) > 0 for sample in samples) / 2000 == pytest.approx(0.05, abs=0.015)
