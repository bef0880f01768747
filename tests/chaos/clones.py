"""Two clones on one machine: both come up at once and both are used at once, and neither knows of the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

from . import evidence
from .history import Round, Stage

FAULT = "two files at once"


def two_clones(
    stage: Callable[[], AbstractContextManager[Stage]], seed: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Play a round on each of two new clouds; `broken` has what broke in either, and predictions that both have."""
    both = Barrier(2, timeout=600)

    def whole(number: int) -> tuple[dict[str, list[str]], evidence.Evidence]:
        try:
            with stage() as here:
                both.wait()
                outcome = here.play(Round(FAULT, seed + number))
                both.wait()  # while the other is still there
                return outcome.broken, evidence.read(here.cloud)
        except BaseException:
            both.abort()
            raise

    with ThreadPoolExecutor(2) as pool:
        (broken, one), (others, other) = pool.map(whole, range(2))
    found = {f"first: {name}": each for name, each in broken.items()}
    found |= {f"second: {name}": each for name, each in others.items()}
    if shared := {each.prediction_id for each in one.history} & {each.prediction_id for each in other.history}:
        found["each has its own predictions"] = sorted(shared)
    say(f"{'✗' if found else '✓'} two clones up and at work at once")
    return {"clones": 2, "broken": found}
