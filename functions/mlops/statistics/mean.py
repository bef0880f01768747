"""How sure the mean of a sample is."""

from collections.abc import Iterable
from math import sqrt
from statistics import fmean, stdev

from mlops.statistics.proportion import SURE


def paired_lower_bound(differences: Iterable[float], z: float = SURE) -> float:
    """The smallest mean that paired differences do not rule out; 95 % one-sided, by the normal approximation."""
    values = [float(each) for each in differences]
    return fmean(values) - z * stdev(values) / sqrt(len(values))
