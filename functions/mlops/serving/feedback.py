"""Feedback: what became of a row that was predicted."""

from collections.abc import Callable
from datetime import UTC, datetime

from mlops.data.cells import read_prediction_id
from mlops.errors import PredictionNotFoundError
from mlops.serving.prediction_log import PredictionLog
from mlops.use_case import UseCase


def give_feedback(
    case: UseCase,
    log: PredictionLog,
    known: Callable[[list[str]], set[str]],
    prediction_id: str,
    label: int,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Log an outcome behind its prediction, which may still be in the log; `known` are those in the history already.

    Idempotent; of several outcomes the last one counts. PredictionNotFoundError of an id that neither knows.
    """
    prediction_id = read_prediction_id(prediction_id)
    if not log.holds(prediction_id) and not known([prediction_id]):
        raise PredictionNotFoundError(f"There is no prediction {prediction_id!r}, or it is too long ago")
    at = now().isoformat(timespec="milliseconds")
    log.tell([{"prediction_id": prediction_id, case.label.key: label, "at": at}])
