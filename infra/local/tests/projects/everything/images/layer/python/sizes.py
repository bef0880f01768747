"""What the layer brings."""


def told(body: bytes) -> str:
    """A size in words."""
    return f"{len(body)} bytes"
