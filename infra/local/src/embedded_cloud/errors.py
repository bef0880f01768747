"""What can go wrong for the person at the terminal, always with the remedy."""


class CloudError(Exception):
    """A failure to show without a traceback: what happened, then what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n  → {remedy}")
