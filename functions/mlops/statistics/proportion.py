"""How sure a share counted in a sample is, and a difference between two shares of the same sample."""

from math import copysign, inf, sqrt

# One-sided 95 %.
SURE = 1.645


def wilson(successes: float, trials: float, z: float = 1.96) -> tuple[float, float]:
    """The score interval of a proportion (E. B. Wilson, 1927), 95 % wide by default."""
    rate, spread = successes / trials, z * z / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * (rate * (1 - rate) / trials + spread / trials / 4) ** 0.5
    return centre - half, centre + half


def paired_score(wins: int, losses: int, trials: int, difference: float) -> float:
    """How far, in standard errors, two judges of the same `trials` lie above a supposed `difference` of their shares.

    `wins` are the trials that only the first got right, `losses` those that only the second did. The score statistic of
    T. Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
    Statistics in Medicine 17, 1998; at a difference of 0 it is McNemar's.
    """
    linear = (2 * trials - wins + losses) * difference - wins - losses
    constant = -losses * difference * (1 - difference)
    only_second = (sqrt(linear * linear - 8 * trials * constant) - linear) / (4 * trials)
    above = wins - losses - trials * difference
    variance = trials * (2 * only_second + difference * (1 - difference))
    return above / sqrt(variance) if variance > 0 else copysign(inf, above) if above else 0.0


def paired_lower_bound(wins: int, losses: int, trials: int, z: float = SURE) -> float:
    """The smallest difference of the two shares that `paired_score` does not rule out; at 95 %, one-sided."""
    low, high = -1.0, (wins - losses) / trials
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if paired_score(wins, losses, trials, middle) > z else (low, middle)
    return high
