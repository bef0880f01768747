"""From passengers to predictions: derive, score, explain, and log it all in one round trip."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from mlops.errors import StoreUnavailableError
from mlops.ports import PredictionLog
from mlops.serving import prediction_id
from mlops.serving.champion_cache import Incumbent
from mlops.telemetry import metrics
from mlops.training.gate import decide
from titanic.features import Derived, derive
from titanic.passenger import FIELDS, Passenger

# The message of the log record that a prediction becomes if Redis is away; `replay` looks for it.
SPILLED = "Prediction not in Redis"
# Takes the predictions that the log could not, so that nothing is lost.
Spill = Callable[[Sequence[Mapping[str, Any]]], None]
# What a request adds to the totals, asked for at the last moment, for it includes how long it took.
Observe = Callable[[], Mapping[str, float]]
_inputs = attrgetter(*FIELDS.values())


@dataclass(frozen=True, slots=True)
class Prediction:
    """One passenger's; `contributions` only where they were asked for."""

    prediction_id: str
    survived: int
    probability: float
    features: Derived
    contributions: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions in the order of the passengers; `degraded` if a store was away and they had to do without it."""

    predictions: Sequence[Prediction]
    model_version: str
    degraded: bool


def predict(
    incumbent: Incumbent,
    log: PredictionLog,
    spill: Spill,
    passengers: Sequence[Passenger],
    explain: bool,
    observe: Observe = dict,
    correlation_id: str | None = None,
    what_if: bool = False,
) -> Answer:
    """Predict and log; the answer comes with the log away too. The errors of `Incumbent.serving`.

    `correlation_id` names the request in the function's own log. Of a question what if, the request alone counts: whom
    nobody asked about in earnest must neither look like drift nor be remembered.
    """
    serving = incumbent.serving()
    rows = [derive(each) for each in passengers]
    scored: Iterable[tuple[float, Mapping[str, float] | None]]
    if explain:
        scored = serving.model.explanations(rows)
    else:
        scored = ((probability, None) for probability in serving.model.probabilities(rows))
    predictions = [
        Prediction(prediction_id.new(), decide(probability), probability, row, contributions)
        for row, (probability, contributions) in zip(rows, scored, strict=True)
    ]
    entries: list[dict[str, Any]] = []
    counted: dict[str, float] = {}
    if not what_if:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        entries = [
            _entry(passenger, prediction, serving.version, at, correlation_id)
            for passenger, prediction in zip(passengers, predictions, strict=True)
        ]
        counted = metrics.predictions((each.probability for each in predictions), serving.version)
    if serving.trouble:
        counted |= metrics.degraded("models")
    logged = True
    try:
        log.record(entries, {**counted, **observe()})
    except StoreUnavailableError:
        logged = False
        spill(entries)
    return Answer(predictions, serving.version, degraded=not logged or bool(serving.trouble))


def _entry(
    passenger: Passenger, prediction: Prediction, version: str, at: str, correlation_id: str | None
) -> dict[str, Any]:
    return {
        "prediction_id": prediction.prediction_id,
        "at": at,
        "correlation_id": correlation_id,
        "model_version": version,
        "inputs": dict(zip(FIELDS, _inputs(passenger), strict=True)),
        "features": prediction.features,
        "probability": prediction.probability,
        "survived": prediction.survived,
    }
