"""What came through which door of which cloud, and whether it is the same."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Passage:
    """One event through one door of one cloud: what was answered, and how long that took."""

    door: str
    cloud: str
    event: str
    answer: Any
    seconds: float


def timed(door: str, cloud: str, event: str, ask: Callable[[], Any]) -> Passage:
    began = time.monotonic()
    return Passage(door, cloud, event, ask(), time.monotonic() - began)


def prediction(answer: Any) -> Any:
    """An answer without the ids that every prediction has of its own; everything else counts."""
    if isinstance(answer, Mapping):
        return {name: prediction(value) for name, value in answer.items() if name != "prediction_id"}
    return [prediction(one) for one in answer] if isinstance(answer, list) else answer


def differing(passages: list[Passage]) -> list[str]:
    """Each passage whose prediction is not that of its event's first one, in words; empty where all are the same."""
    first: dict[str, Passage] = {}
    found = []
    for each in passages:
        like = first.setdefault(each.event, each)
        if prediction(each.answer) != prediction(like.answer):
            found.append(
                f"{each.event}: {each.door} on {each.cloud} answers {prediction(each.answer)}, "
                f"{like.door} on {like.cloud} {prediction(like.answer)}"
            )
    return found


def table(passages: list[Passage], closed: Mapping[tuple[str, str], str]) -> str:
    """Door × cloud in Markdown, a cell for what came out and the wall time of each event.

    `closed` says for a door of a cloud why it is not there.
    """
    there = [*((each.door, each.cloud) for each in passages), *closed]
    clouds, doors = (
        list(dict.fromkeys(names)) for names in ((cloud for _, cloud in there), (door for door, _ in there))
    )
    rows = [f"| door | {' | '.join(clouds)} |", f"|---{'|---' * len(clouds)}|"]
    for door in doors:
        cells = []
        for cloud in clouds:
            through = [each for each in passages if (each.door, each.cloud) == (door, cloud)]
            said_each = [f"{said(each.answer)}, {each.seconds:.2f} s" for each in through]
            cells.append("<br>".join(said_each) or f"not there: {closed[door, cloud]}")
        rows.append(f"| {door} | {' | '.join(cells)} |")
    return "\n".join(rows)


def said(answer: Any) -> str:
    """A prediction in a few characters: each probability to four digits."""
    each = answer.get("predictions", [answer])
    return " ".join(f"{one['probability']:.4f}" for one in each)
