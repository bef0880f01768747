"""The routes that predict, take feedback and say what predicts.

Those that predict are coroutines that block: one request at a time is what an execution environment and a server's
process do anyway, and a hop to a thread and back costs more than the work. Whatever may wait for PostgreSQL, or loads
boto3, is no coroutine: FastAPI runs it in a thread, so that a server goes on predicting meanwhile.
"""

from typing import Annotated

from answers import Answers
from bodies import Bodies, HealthAnswer
from dependencies import Dependencies
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from problems import UNAVAILABLE, described

from mlops.errors import MlopsError

_REQUIRED = {"requestBody": {"required": True}}
_MISSING = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}


def router(dependencies: Dependencies, bodies: Bodies) -> APIRouter:
    """The routes over some dependencies, with the models of one use case."""
    routes = APIRouter(responses=described(400, 413, 415, 422))
    answers = Answers(dependencies)

    @routes.post(
        "/predict",
        response_model=bodies.prediction,
        responses={**UNAVAILABLE, **described(404)},
        openapi_extra=_REQUIRED,
    )
    async def predict(
        request: Request,
        body: bodies.row = None,  # type: ignore[name-defined]
        what_if: Annotated[bool, Query(description="Neither logged nor counted as a prediction")] = False,
        group: Annotated[bool, Query(description="Tell how many others of its group the model knows")] = False,
        row_id: Annotated[
            str | None,
            # Any text is an id, so that there is nothing to be described that could be refused.
            Query(alias="id", max_length=200, include_in_schema=False),
        ] = None,
    ) -> Response:
        """One row's prediction, explained. With `?id=` and an empty body: from the stored features of that id."""
        observe = request.state.meter.observations
        if body is not None:
            return JSONResponse(answers.one(bodies.question(body), observe, what_if, group))
        if row_id is None:
            raise RequestValidationError([_MISSING])
        return JSONResponse(answers.stored(row_id, observe, what_if, group))

    @routes.post("/predict/batch", response_model=bodies.predictions, responses=UNAVAILABLE)
    async def predict_batch(
        request: Request,
        body: bodies.batch,  # type: ignore[name-defined]
        explain: Annotated[bool, Query(description="Explain each")] = False,
    ) -> Response:
        """The predictions of up to 1,000 rows."""
        questions = bodies.questions(body.rows)
        return JSONResponse(answers.batch(questions, explain, request.state.meter.observations))

    @routes.post(
        "/feedback",
        status_code=202,
        response_model=bodies.feedback,
        responses={**UNAVAILABLE, **described(404)},
    )
    def feedback(body: bodies.feedback) -> Response:  # type: ignore[name-defined]
        """What became of a row that was predicted. Repeating it is harmless; the last word counts."""
        dependencies.give_feedback(body.prediction_id, body.label)
        return JSONResponse(body.model_dump(by_alias=True), 202)

    @routes.get("/health", response_model=HealthAnswer)
    async def health() -> Response:
        """Liveness: answers whatever else is away."""
        return JSONResponse({"status": "ok", "model_version": version(dependencies)})

    return routes


def version(dependencies: Dependencies) -> str | None:
    """The version that serves; None if there is none or none is to be had."""
    try:
        return dependencies.champions.champion().version
    except MlopsError:
        return None
