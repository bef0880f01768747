"""Port: what was predicted, with what was known then."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

# The message of the log record that a prediction becomes if Redis is away; `replay` looks for it.
SPILLED = "Prediction not in Redis"


class PredictionLog(Protocol):
    """The log as serving writes it, in the same round trip as the request's metrics."""

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        """Append the predictions and add each observation to its total; StoreUnavailableError if that failed."""

    def holds(self, prediction_id: str) -> bool:
        """Whether the prediction is still in the log."""

    def tell(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Append outcomes: `prediction_id`, `at` (UTC, ISO 8601) and the label's class under its key."""
