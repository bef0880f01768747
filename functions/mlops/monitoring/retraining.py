"""Whether to train again by itself: on evidence, not too often, and never on what was tried already."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from mlops.data.labels import Labelled

# Windows in a row that drift.
SUSTAINED = 2
# Rows whose label is newly known: enough to be a reason by themselves; the least that a drift is answered with.
ENOUGH_LABELS = 1000
LEAST_LABELS = 100
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """How often it may act, and whether it acts at all or only says what it would do."""

    cooldown: timedelta
    a_day: int
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at the time: windows in a row that drift and what drifts in them, and labels newly known."""

    sustained: int
    drifted: Sequence[str]
    new_labels: int


@dataclass(frozen=True, slots=True)
class Retraining:
    """What was decided, why in words, and on what evidence; `execution` is the pipeline run it became."""

    at: datetime
    decision: Literal["started", "held"]
    trigger: Literal["drift", "labels"] | None
    reason: str
    dry_run: bool
    dataset_version: str | None = None
    execution: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def judge(evidence: Evidence, earlier: Sequence[Retraining], policy: Policy, now: datetime) -> Retraining:
    """Start or hold; `earlier` are the decisions before, newest first.

    A dry run counts its own starts too against cooldown and cap, so that it says what would happen.
    """
    starts = [each.at for each in earlier if each.decision == "started" and each.dry_run <= policy.dry_run]
    what = ", ".join(evidence.drifted)
    drift = f"{what} drifts for {evidence.sustained} window{'s' * (evidence.sustained != 1)} in a row"
    labels = f"the labels of {evidence.new_labels} rows are newly known"

    def held(trigger: Literal["drift", "labels"] | None, reason: str) -> Retraining:
        return Retraining(now, "held", trigger, reason, policy.dry_run)

    trigger: Literal["drift", "labels"]
    if evidence.sustained >= SUSTAINED:
        trigger, why = "drift", f"{drift}, and {labels}"
        if evidence.new_labels < LEAST_LABELS:
            return held(trigger, f"{why}: fewer than {LEAST_LABELS}, and the same data would make the same model again")
    elif evidence.new_labels >= ENOUGH_LABELS:
        trigger, why = "labels", labels
    else:
        return held(None, f"{drift if what else 'Nothing drifts'}, {labels}: no reason to train again")
    if starts and now - starts[0] < policy.cooldown:
        hours = policy.cooldown / timedelta(hours=1)
        return held(trigger, f"{why}; but {hours:g} hours must pass after the start at {starts[0]:%Y-%m-%d %H:%M} UTC")
    if sum(now - at < DAY for at in starts) >= policy.a_day:
        return held(trigger, f"{why}; but {policy.a_day} starts within a day are the most there may be")
    return Retraining(now, "started", trigger, why, policy.dry_run)


class Retrainings(Protocol):
    """Rows whose label became known, and what was decided about training again."""

    def labelled(self) -> list[Labelled]:
        """Each such row once, by identity, with the last word on it and an id that no table has."""

    def decide(self, decision: Callable[[Sequence[Retraining]], Retraining], remembered: int) -> Retraining:
        """Record what is decided with so many of the latest decisions known; one at a time, and what raises is none."""

    def recent(self, count: int) -> list[Retraining]:
        """The latest decisions, newest first."""

    def forget(self, before: datetime) -> set[str]:
        """Delete what was held before a time; the keys of the drift reports that what remains rests on."""

    def link(self, runs: Iterable[tuple[str, str]]) -> None:
        """Say which run, by name, a dataset version was trained on in."""
