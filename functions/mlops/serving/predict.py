"""From rows to predictions: derive, score, explain, and log it all in one round trip."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlops.errors import StoreUnavailableError
from mlops.model.decision import decide
from mlops.model.portable import Model
from mlops.serving import prediction_id
from mlops.serving.champion_cache import ChampionCache
from mlops.serving.prediction_log import PredictionLog
from mlops.telemetry import metrics
from mlops.use_case import Derived, Row, UseCase

# Takes the predictions that the log could not, so that nothing is lost.
Spill = Callable[[Sequence[Mapping[str, Any]]], None]
# What a request adds to the totals, asked for at the last moment, for it includes how long it took.
Observe = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about: features, the row they were derived from, and its id, where these are known."""

    features: Derived
    row: Row | None = None
    row_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row's; `contributions` only where they were asked for."""

    prediction_id: str
    label: int
    probability: float
    features: Derived
    contributions: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions in the order of the questions; `degraded` if a store was away and they had to do without it."""

    predictions: Sequence[Prediction]
    model_version: str
    model: Model
    degraded: bool


@dataclass(frozen=True, slots=True)
class Predictor:
    """What predictions are made with; `spill` takes those that the log cannot.

    `check` raises on predictions that cannot be answered, before they are logged and counted.
    """

    case: UseCase
    champions: ChampionCache
    log: PredictionLog
    spill: Spill
    check: Callable[[Sequence[Prediction]], None] = lambda _: None

    def predict(
        self,
        questions: Sequence[Question],
        explain: bool,
        observe: Observe = dict,
        correlation_id: str | None = None,
        what_if: bool = False,
    ) -> Answer:
        """Predict and log; the answer comes with the log away too. The errors of `ChampionCache.champion`.

        `correlation_id` names the request in the function's own log. `what_if` requests are counted but neither logged
        nor used for drift.
        """
        champion = self.champions.champion()
        rows = [each.features for each in questions]
        scored: Iterable[tuple[float, Mapping[str, float] | None]]
        if explain:
            scored = champion.model.explanations(rows)
        else:
            scored = ((probability, None) for probability in champion.model.probabilities(rows))
        predictions = [
            Prediction(prediction_id.new(), decide(probability), probability, row, contributions)
            for row, (probability, contributions) in zip(rows, scored, strict=True)
        ]
        self.check(predictions)
        entries: list[dict[str, Any]] = []
        counted: dict[str, float] = {}
        if not what_if:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            about = {"at": at, "correlation_id": correlation_id, "model_version": champion.version}
            entries = [self._entry(*each, about) for each in zip(questions, predictions, strict=True)]
            counted = metrics.predictions((each.probability for each in predictions), champion.version)
        if champion.trouble:
            counted |= metrics.degraded("models")
        logged = True
        try:
            self.log.record(entries, {**counted, **observe()})
        except StoreUnavailableError:
            logged = False
            self.spill(entries)
        return Answer(predictions, champion.version, champion.model, degraded=not logged or bool(champion.trouble))

    def _entry(self, question: Question, prediction: Prediction, about: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "prediction_id": prediction.prediction_id,
            **about,
            "row_id": question.row_id,
            "inputs": question.row,
            "features": prediction.features,
            "probability": prediction.probability,
            self.case.label.key: prediction.label,
        }
