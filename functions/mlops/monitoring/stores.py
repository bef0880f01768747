"""The prediction log as monitoring reads it, the history that it is drained into, and pipeline runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

Entries = Sequence[Mapping[str, Any]]


Stream = Literal["predictions", "outcomes"]


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry of the prediction log, `position` its place there, `dropped` how many were pushed out before it."""

    position: str
    kind: Literal["prediction", "outcome"]
    content: Mapping[str, Any]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A run of the pipeline that ended: its name, the key of the file it was of, and what it adds to the totals."""

    name: str
    key: str | None
    observations: Mapping[str, float]


class PredictionStream(Protocol):
    """The prediction log, newest or oldest first: a stream of predictions and one of outcomes."""

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """The newest predictions, newest first; each with at least `at` (UTC, ISO 8601), `model_version`,
        `features` (as `derive` gives them) and `probability`."""

    def after(self, position: str, limit: int, stream: Stream = "predictions") -> list[Logged]:
        """The oldest entries behind a position, in order; `""` is before the first."""

    def forget(self, before: datetime) -> None: ...


class PredictionHistory(Protocol):
    """Every prediction once, for as long as the retention allows, with its outcome where that is known."""

    def position(self, stream: Stream = "predictions") -> str:
        """How far a stream of the prediction log has come here; `""` at first."""

    def keep(self, predictions: Entries, outcomes: Entries = (), positions: Mapping[Stream, str] = {}) -> int:
        """Keep what is not there yet, and the positions with it: all or nothing; how many predictions were new.

        Of outcomes: `prediction_id`, `at` (UTC, ISO 8601) and the label's class under its key; others than of kept
        predictions are passed over.
        """

    def known(self, prediction_ids: Collection[str]) -> set[str]:
        """Those of these ids that there are predictions of."""

    def outcomes(self, model_version: str, limit: int) -> tuple[int, int]:
        """How many of a model's latest predictions with an outcome were right, and how many there are."""

    def forget(self, before: datetime) -> int:
        """Delete what was predicted before a time; how many."""
