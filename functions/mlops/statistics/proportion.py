"""How sure a share counted in a sample is, and a difference between two shares of the same sample."""

# One-sided 95 %.
SURE = 1.645


def wilson(successes: float, trials: float, z: float = 1.96) -> tuple[float, float]:
    """The score interval of a proportion (E. B. Wilson, 1927), 95 % wide by default."""
    rate, spread = successes / trials, z * z / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * (rate * (1 - rate) / trials + spread / trials / 4) ** 0.5
    return centre - half, centre + half


def mcnemar(wins: int, losses: int) -> float:
    """By how many standard errors one of two judges of the same trials is right more often (Q. McNemar, 1947).

    `wins` are the trials that only the first got right, `losses` those that only the second did.
    """
    return (wins - losses) / (wins + losses) ** 0.5 if wins + losses else 0.0
