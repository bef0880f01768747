"""The routes that show the pipeline's runs, and with the admin key start one: of a new file, or of one again."""

from typing import Annotated, Any

from admin import holder_of
from dependencies import Dependencies
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from problems import UNAVAILABLE, described
from pydantic import BaseModel, ConfigDict, Field

SHOWN, MOST = 20, 50
REJECTIONS = 1000
_RUN = Path(pattern=r"^[\w-]{1,80}$", description="`run` of GET /runs")


class Again(BaseModel):
    """Which file of the data bucket the pipeline shall take once more."""

    model_config = ConfigDict(extra="forbid")

    file: str = Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")


class Started(BaseModel):
    """A run that was started, and the file that it is of."""

    run: str
    file: str


def router(dependencies: Dependencies) -> APIRouter:
    """The routes over some dependencies."""
    routes = APIRouter()
    key_needed = Depends(holder_of(dependencies.is_admin_key))
    answers = {**UNAVAILABLE, **described(401, 403)}

    @routes.get("/runs", responses={**UNAVAILABLE, **described(422)})
    def recent(limit: Annotated[int, Query(ge=1, le=MOST)] = SHOWN) -> dict[str, Any]:
        """The pipeline's `steps` in order, and its latest `runs`, newest first: file, dataset, model, decision."""
        runs = dependencies.runs
        return {"steps": runs.steps, "runs": [_shown(run) for run in runs.recent(limit)]}

    @routes.get("/runs/{run}", responses={**UNAVAILABLE, **described(404, 422)})
    def find(run: Annotated[str, _RUN]) -> dict[str, Any]:
        """One run, step by step: status, begin, seconds; of a Map how many of how many are done."""
        return _shown(dependencies.runs.find(run))

    @routes.get("/runs/{run}/rejections", dependencies=[key_needed], responses={**answers, **described(404, 422)})
    def rejections(run: Annotated[str, _RUN]) -> dict[str, Any]:
        """What a run refused and why: up to 1,000 cells, and how many there are; `cause` of a run that failed."""
        cells, total = dependencies.rejections(run, REJECTIONS)
        return {"cells": cells, "total": total, "cause": dependencies.runs.find(run)["cause"]}

    @routes.post(
        "/runs",
        status_code=202,
        dependencies=[key_needed],
        response_model=Started,
        responses={**answers, **described(400, 404, 413, 415, 422)},
    )
    def again(body: Again) -> dict[str, Any]:
        """Run the pipeline on a file of the data bucket once more, such as after a failure whose cause is mended."""
        return {"run": dependencies.start_run(body.file), "file": body.file}

    @routes.post(
        "/uploads/{name}",
        status_code=202,
        dependencies=[key_needed],
        response_model=Started,
        responses={**answers, **described(413, 422)},
        openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {}}}}},
    )
    async def upload(request: Request, name: Annotated[str, Path(pattern=r"^[\w. -]{1,100}\.csv$")]) -> dict[str, Any]:
        """Run the pipeline on a CSV of up to 4 MB; put larger ones into the data bucket, below `raw/`."""
        body = await request.body()
        key, run = await run_in_threadpool(dependencies.upload, name, body)
        return {"run": run, "file": key}

    return routes


def _shown(run: dict[str, Any]) -> dict[str, Any]:
    """Without the cause of a failure, which can quote cells of the file: that is for the holder of the key."""
    return {name: value for name, value in run.items() if name != "cause"}
