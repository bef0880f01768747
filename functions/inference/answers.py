"""Predictions as every door answers them: HTTP and plain events alike."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import correlation
import limits
from aws_lambda_powertools import Logger
from dependencies import Dependencies
from starlette.exceptions import HTTPException

from mlops.errors import EntityNotFoundError
from mlops.serving.predict import Answer, Observe, Prediction, Predictor, Question
from mlops.serving.prediction_log import SPILLED
from mlops.telemetry import metrics

logger = Logger(service="inference", child=True)


class Answers:
    """The contract's answers."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._label = dependencies.case.label.key

    def one(
        self, question: Question, observe: Observe = dict, what_if: bool = False, group: bool = False
    ) -> dict[str, Any]:
        """The answer for one row; with `group` also how many others of its group the model knows, where that counts."""
        answer = self._predict([question], True, observe, what_if)
        (prediction,) = answer.predictions
        brief = {**self._brief(prediction), "model_version": answer.model_version}
        known = self._dependencies.case.known_of_group if group else None
        labels = known(answer.model.encoder, question.features) if known else []
        its = {"group": {"known": len(labels), "positive": sum(labels)}} if known else {}
        return {**brief, **_explained(prediction), **its, **_degraded(answer)}

    def stored(self, row_id: str, observe: Observe, what_if: bool, group: bool) -> dict[str, Any]:
        """The answer for the stored features of an id; EntityNotFoundError if there are none."""
        entity = self._dependencies.entities.get(row_id)
        if entity is None:
            raise EntityNotFoundError(f"The online store holds nothing of id {row_id!r}")
        return self.one(Question(entity.features, row_id=row_id), observe, what_if, group)

    def batch(self, questions: Sequence[Question], explain: bool, observe: Observe = dict) -> dict[str, Any]:
        """The answer for several, in their order."""
        size = metrics.batch(len(questions))
        answer = self._predict(questions, explain, lambda: {**observe(), **size})
        each = self._each(answer.predictions, explain)
        return {"predictions": each, "model_version": answer.model_version, **_degraded(answer)}

    def _predict(self, questions: Sequence[Question], explain: bool, observe: Observe, what_if: bool = False) -> Answer:
        made_with = self._dependencies
        check = self._check if explain and len(questions) > 1 else lambda _: None  # one answer is short
        predictor = Predictor(made_with.case, made_with.champions, made_with.log, _spill, check)
        return predictor.predict(questions, explain, observe, correlation.current(), what_if)

    def _each(self, predictions: Sequence[Prediction], explain: bool) -> list[dict[str, Any]]:
        return [{**self._brief(one), **_explained(one)} if explain else self._brief(one) for one in predictions]

    def _check(self, predictions: Sequence[Prediction]) -> None:
        """Refuse what no gateway would hand on; explanations alone can be so long."""
        body = json.dumps(self._each(predictions, True), ensure_ascii=False, separators=(",", ":"))
        if not limits.fits(body.encode()):
            raise HTTPException(413, f"{limits.answer_too_long()}, or without explanations")

    def _brief(self, prediction: Prediction) -> dict[str, Any]:
        return {
            "prediction_id": prediction.prediction_id,
            self._label: prediction.label,
            "probability": prediction.probability,
        }


def _spill(entries: Sequence[Mapping[str, Any]]) -> None:
    """Into the function's log, whence they can be replayed; one record each, for a record's size is limited."""
    for entry in entries:
        logger.warning(SPILLED, extra={"prediction": entry})


def _explained(prediction: Prediction) -> dict[str, Any]:
    return {"features": prediction.features, "contributions": prediction.contributions}


def _degraded(answer: Answer) -> dict[str, bool]:
    return {"degraded": True} if answer.degraded else {}
