"""How sure a share counted in a sample is."""


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The score interval of a proportion (E. B. Wilson, 1927), 95 % wide by default."""
    rate, spread = successes / trials, z * z / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * (rate * (1 - rate) / trials + spread / trials / 4) ** 0.5
    return centre - half, centre + half
