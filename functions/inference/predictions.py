"""Predictions as every door answers them: HTTP and plain events alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import correlation
from aws_lambda_powertools import Logger
from bodies import BatchBody, PassengerBody

from mlops import wiring
from mlops.serving.predict import SPILLED, Answer, Observe, Prediction, predict
from mlops.telemetry import metrics

logger = Logger(service="inference", child=True)


def answer_one(body: PassengerBody, observe: Observe = dict, what_if: bool = False) -> dict[str, Any]:
    """The contract's answer for one passenger."""
    answer = _predicted([body], True, observe, what_if)
    (prediction,) = answer.predictions
    return {**_brief(prediction), "model_version": answer.model_version, **_explained(prediction), **_degraded(answer)}


def answer_batch(body: BatchBody, explain: bool, observe: Observe = dict) -> dict[str, Any]:
    """The contract's answer for several, in their order."""
    size = metrics.batch(len(body.passengers))
    answer = _predicted(body.passengers, explain, lambda: {**observe(), **size})
    each = [{**_brief(one), **_explained(one)} if explain else _brief(one) for one in answer.predictions]
    return {"predictions": each, "model_version": answer.model_version, **_degraded(answer)}


def _predicted(bodies: Sequence[PassengerBody], explain: bool, observe: Observe, what_if: bool = False) -> Answer:
    parts = wiring.inference()
    passengers = [each.passenger() for each in bodies]
    return predict(parts.incumbent, parts.log, _spill, passengers, explain, observe, correlation.current(), what_if)


def _spill(entries: Sequence[Mapping[str, Any]]) -> None:
    """Into the function's log, whence they can be replayed; one record each, for a record's size is limited."""
    for entry in entries:
        logger.warning(SPILLED, extra={"prediction": entry})


def _brief(prediction: Prediction) -> dict[str, Any]:
    return {
        "prediction_id": prediction.prediction_id,
        "survived": prediction.survived,
        "probability": prediction.probability,
    }


def _explained(prediction: Prediction) -> dict[str, Any]:
    return {"features": prediction.features, "contributions": prediction.contributions}


def _degraded(answer: Answer) -> dict[str, bool]:
    return {"degraded": True} if answer.degraded else {}
