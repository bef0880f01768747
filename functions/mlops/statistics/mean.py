"""How sure the mean of a sample is."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from mlops.statistics.proportion import SURE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def paired_lower_bound(differences: "Sequence[float] | NDArray[np.float64]", z: float = SURE) -> float:
    """The smallest mean that paired differences do not rule out; 95 % one-sided, by the normal approximation."""
    values = [float(each) for each in differences]
    return fmean(values) - z * stdev(values) / sqrt(len(values))
