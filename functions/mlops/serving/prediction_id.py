"""Names of predictions: UUIDs of version 7 (RFC 9562), which begin with the time they were made at.

So an index of them grows at its end, and who has one knows where in a log of predictions to look for it.
"""

import re
from os import urandom
from time import time_ns

_UUID7 = re.compile("[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")


def clock() -> int:
    """Unix time in milliseconds, by this machine."""
    return time_ns() // 1_000_000


def new() -> str:
    """A name that no one had before, as 32 hexadecimal digits."""
    random = urandom(10).hex()
    return f"{clock():012x}7{random[:3]}{'89ab'[int(random[3], 16) % 4]}{random[4:19]}"


def made_at(prediction_id: str) -> int | None:
    """Unix time in milliseconds; None of what is no prediction's name."""
    return int(prediction_id[:12], 16) if _UUID7.fullmatch(prediction_id) else None
