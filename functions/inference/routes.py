"""The routes that predict, take feedback and say what predicts.

Those that predict are coroutines that block: one request at a time is what an execution environment and a server's
process do anyway, and a hop to a thread and back costs more than the work. Whatever may wait for PostgreSQL, or loads
boto3, is no coroutine: FastAPI runs it in a thread, so that a server goes on predicting meanwhile.
"""

from typing import Annotated

from bodies import (
    BatchAnswer,
    BatchBody,
    FeedbackAnswer,
    FeedbackBody,
    HealthAnswer,
    PassengerBody,
    PredictionAnswer,
)
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from predictions import answer_batch, answer_one
from problems import UNAVAILABLE, described

from mlops import wiring
from mlops.errors import TitanicError

router = APIRouter(responses=described(400, 413, 415, 422))


@router.post("/predict", response_model=PredictionAnswer, responses=UNAVAILABLE)
async def predict(
    request: Request,
    body: PassengerBody,
    what_if: Annotated[bool, Query(description="Only ask: it is neither logged nor counted as a prediction")] = False,
) -> Response:
    """One passenger's prediction, explained."""
    return JSONResponse(answer_one(body, request.state.meter.observations, what_if))


@router.post("/predict/batch", response_model=BatchAnswer, responses=UNAVAILABLE)
async def predict_batch(
    request: Request, body: BatchBody, explain: Annotated[bool, Query(description="Explain each")] = False
) -> Response:
    """The predictions of up to 1,000 passengers."""
    return JSONResponse(answer_batch(body, explain, request.state.meter.observations))


@router.post("/feedback", status_code=202, response_model=FeedbackAnswer, responses={**UNAVAILABLE, **described(404)})
def feedback(body: FeedbackBody) -> Response:
    """What became of a passenger whose fate was predicted. Repeating it is harmless; the last word counts."""
    wiring.feedback()(body.prediction_id, body.survived)
    return JSONResponse(body.model_dump(), 202)


@router.get("/health", response_model=HealthAnswer)
async def health() -> Response:
    """Liveness: answers whatever else is away."""
    return JSONResponse({"status": "ok", "model_version": version()})


def version() -> str | None:
    """The version that serves; None if there is none or none is to be had."""
    try:
        return wiring.inference().incumbent.serving().version
    except TitanicError:
        return None
