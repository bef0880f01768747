"""What is out of scope, in words."""


class RefusedError(Exception):
    """A table or a name that no use case can be made of; `remedy` says what to do instead."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}\n  → {remedy}")
        self.reason, self.remedy = reason, remedy
