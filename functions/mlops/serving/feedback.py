"""Feedback: what became of a passenger whose fate was predicted."""

from collections.abc import Callable
from datetime import UTC, datetime

from mlops.errors import PredictionNotFoundError
from mlops.ports import PredictionHistory, PredictionLog


def give_feedback(
    log: PredictionLog,
    history: PredictionHistory,
    prediction_id: str,
    survived: int,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Log an outcome behind its prediction, which may still be in the log or in the history already.

    Said again, it changes nothing; said otherwise, the last word counts. PredictionNotFoundError of an id that neither
    knows.
    """
    if not log.holds(prediction_id) and not history.known([prediction_id]):
        raise PredictionNotFoundError(f"There is no prediction {prediction_id!r}, or it is too long ago")
    log.tell({prediction_id: survived}, now().isoformat(timespec="milliseconds"))
