"""The routes that predict and that say what predicts.

They are coroutines that block: an execution environment serves one request at a time, and a hop to a thread and
back costs more than the work.
"""

import json
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from bodies import BatchAnswer, BatchBody, HealthAnswer, PassengerBody, PredictionAnswer
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from predictions import answer_batch, answer_one

from titanic import bootstrap
from titanic.errors import StoreUnavailableError, TitanicError
from titanic.registry import CARD

router = APIRouter()
logger = Logger(service="inference", child=True)


@router.post("/predict", response_model=PredictionAnswer)
async def predict(request: Request, body: PassengerBody) -> Response:
    """One passenger's prediction, explained."""
    return JSONResponse(answer_one(body, request.state.meter.observations))


@router.post("/predict/batch", response_model=BatchAnswer)
async def predict_batch(
    request: Request, body: BatchBody, explain: Annotated[bool, Query(description="Explain each")] = False
) -> Response:
    """The predictions of up to 1,000 passengers."""
    return JSONResponse(answer_batch(body, explain, request.state.meter.observations))


@router.get("/health", response_model=HealthAnswer)
async def health() -> Response:
    """Liveness: answers whatever else is away."""
    return JSONResponse({"status": "ok", "model_version": _version()})


@router.get("/model")
async def model() -> dict[str, Any]:
    """The champion's model card."""
    serving = bootstrap.inference().incumbent.serving()
    card: dict[str, Any] = json.loads(bootstrap.inference().shelf.artifact(serving.version, CARD))
    return {"model_version": serving.version, **card}


@router.get("/metrics", response_class=Response)
async def metrics() -> Response:
    """Prometheus text: totals of all instances."""
    from titanic.adapters.exposition import CONTENT_TYPE, render

    try:
        totals = bootstrap.inference().log.totals()
    except StoreUnavailableError as error:
        logger.warning("Totals are away", extra={"reason": str(error)})
        totals = None
    return Response(render(totals, _version()), media_type=CONTENT_TYPE)


def _version() -> str | None:
    try:
        return bootstrap.inference().incumbent.serving().version
    except TitanicError:
        return None
