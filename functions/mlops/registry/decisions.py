"""What was decided about model versions: the value, and the port of the audit that keeps it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class ModelDecision:
    """What was decided about a model version, why, and on what evidence: by the gate, or `set_by_hand`.

    `champion` is who serves after it and `previous` who did before; `at` is UTC, ISO 8601.
    """

    at: str
    model_version: str
    decision: Literal["promoted", "kept", "unchanged", "set_by_hand"]
    reason: str
    champion: str | None
    previous: str | None
    evidence: Mapping[str, Any]


class DecisionLog(Protocol):
    """The registry's audit: a row for every promotion, refusal and rollback, never changed."""

    def record(self, decision: ModelDecision) -> None:
        """Idempotent; fills in missing evidence."""

    def about(self, versions: Collection[str], latest: int) -> dict[str, list[ModelDecision]]:
        """The latest decisions about each of these versions, newest first; no entry where there are none."""
