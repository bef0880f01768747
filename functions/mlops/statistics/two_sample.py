"""Whether two samples can come from one distribution, and what many such questions at once are worth.

The formulas are a page, the library that has them (scipy) 120 MB and half a second of a cold start (docs/adr); the
tests hold them to its results.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import erfc, exp, pi, sqrt

# Below this many expected rows a bin is not tested by itself (W. G. Cochran, 1954).
EXPECTED = 5


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """The greatest distance between the empirical distributions of two sorted samples, and its p-value.

    Asymptotic, with Stephens' correction for small samples (M. A. Stephens, 1970; Numerical Recipes 14.3). Ties make it
    cautious: the true p-value is no greater.
    """
    if not one or not other:
        return 0.0, 1.0
    n, m = len(one), len(other)
    distance = max(abs(bisect_right(one, x) / n - bisect_right(other, x) / m) for x in {*one, *other})
    root = sqrt(n * m / (n + m))
    return distance, _kolmogorov((root + 0.12 + 0.11 / root) * distance)


def chi_square(one: Sequence[int], other: Sequence[int]) -> tuple[float, float]:
    """Pearson's statistic of two samples' counts over the same bins, and its p-value; rare bins are tested as one."""
    n, m = sum(one), sum(other)
    share = min(n, m) / (n + m) if n and m else 0.0
    frequent = [pair for pair in zip(one, other, strict=True) if sum(pair) * share >= EXPECTED]
    rest = (n - sum(a for a, _ in frequent), m - sum(b for _, b in frequent))
    table = [*frequent, rest] if sum(rest) else frequent
    if not share or len(table) < 2:
        return 0.0, 1.0
    parts = ((count, total * sum(pair) / (n + m)) for pair in table for count, total in zip(pair, (n, m), strict=True))
    statistic = sum((count - expected) ** 2 / expected for count, expected in parts)
    return statistic, _above(statistic, len(table) - 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: rejecting those up to alpha errs at all with a probability of at most alpha, however the
    questions depend on each other (S. Holm, 1979)."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = least
    return adjusted


def _kolmogorov(x: float) -> float:
    """P(K > x) of the Kolmogorov distribution: an alternating series that converges at once unless x is small."""
    if x < 0.2:  # where the first terms are 1 to 20 digits
        return 1.0
    return min(1.0, max(0.0, 2 * sum((1 if k % 2 else -1) * exp(-2 * (k * x) ** 2) for k in range(1, 101))))


def _above(statistic: float, freedom: int) -> float:
    """P(X > statistic) of the chi-square distribution with a whole number of degrees of freedom (Abramowitz and Stegun
    26.4.4 and 26.4.5)."""
    half = statistic / 2
    term, total = (exp(-half), exp(-half)) if freedom % 2 == 0 else (2 * sqrt(half / pi) * exp(-half), erfc(sqrt(half)))
    if freedom % 2:
        total += term if freedom > 1 else 0.0
    for step in range(freedom % 2 + 2, freedom, 2):
        term *= statistic / step
        total += term
    return float(min(1.0, total))
