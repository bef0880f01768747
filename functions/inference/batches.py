"""The routes that score whole files, for the holder of the admin key."""

from typing import Annotated, Any, Literal

from admin import holder_of
from dependencies import Dependencies
from fastapi import APIRouter, Depends, Path
from problems import UNAVAILABLE, described
from pydantic import BaseModel, ConfigDict, Field

MAX_KEYS = 1000
RECENT = 10
MAX_KEY = 256  # characters, of at most four bytes each: S3 takes 1,024 bytes


class BatchBody(BaseModel):
    """Files of the data bucket to be scored. A key that ends with a slash is every file below it."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    keys: list[Annotated[str, Field(min_length=1, max_length=MAX_KEY, pattern=r"^[^\x00]*$")]] = Field(
        min_length=1, max_length=MAX_KEYS, json_schema_extra={"uniqueItems": True}
    )
    format: Literal["csv", "parquet"] = "csv"
    model_version: str | None = Field(None, description="Another version than the champion")


class BatchRows(BaseModel):
    """What became of the rows: `in` is the sum of the others."""

    model_config = ConfigDict(extra="allow")

    out: int
    refused: int
    failed: int


class BatchAnswer(BaseModel):
    """Where a batch stands. `incomplete`: some shards failed, and the same request scores them again."""

    model_config = ConfigDict(protected_namespaces=())

    batch_id: str
    status: Literal["running", "succeeded", "incomplete", "failed"]
    reason: str | None
    model_version: str
    format: Literal["csv", "parquet"]
    keys: list[str]
    shards: int | None
    shards_done: int
    rows: BatchRows | None
    results: str


def router(dependencies: Dependencies) -> APIRouter:
    """The routes over some dependencies, behind the key."""
    routes = APIRouter(dependencies=[Depends(holder_of(dependencies.is_admin_key))])
    answers = {**UNAVAILABLE, **described(401, 403, 404)}

    @routes.post(
        "/batches", status_code=202, response_model=BatchAnswer, responses={**answers, **described(400, 413, 422)}
    )
    def start(body: BatchBody) -> dict[str, Any]:
        """Score files by the champion of this moment. The same request again is the same batch, and finishes it."""
        return dependencies.start_batch(body.keys, body.format, body.model_version)

    @routes.get("/batches", responses=described(401, 403) | UNAVAILABLE)
    def recent() -> dict[str, list[dict[str, Any]]]:
        """The latest batches, newest first, each as `GET /batches/{batch_id}` has it."""
        return {"batches": dependencies.batches.recent(RECENT)}

    @routes.get("/batches/{batch_id}", response_model=BatchAnswer, responses={**answers, **described(422)})
    def find(batch_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]) -> dict[str, Any]:
        """Where a batch stands."""
        return dependencies.batches.find(batch_id)

    return routes
