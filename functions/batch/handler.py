"""Batch scoring's door: the steps of its state machine in one function, told apart by the event's `step`."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.parser import BaseModel
from pydantic import Field

from mlops import settings
from mlops.batch import finish as finishing
from mlops.batch import plan as planning
from mlops.batch.layout import Format, note_run, read_request
from mlops.batch.request import request as ask
from mlops.batch.score import Scoring
from mlops.errors import InvalidInputError
from mlops.registry.versions import RegistryReader
from mlops.stores import s3
from mlops.wiring import use_case
from mlops.wiring.events import mapping, parsed

REMEDY = "See functions/batch/events"
logger = Logger(service="batch")


class Batch(BaseModel):
    batch_id: str = Field(pattern="^[0-9a-f]{16}$")


class Asked(BaseModel):
    """A batch that was asked for, or which files of the data bucket to score, by the champion unless told."""

    batch_id: str | None = Field(None, pattern="^[0-9a-f]{16}$")
    keys: list[str] = Field(default_factory=list)
    format: Format = "csv"
    model_version: str | None = None


class Plan(BaseModel):
    """`run` is the state machine's own name for this run."""

    request: Asked
    run: str | None = None


class Shard(Batch):
    shard: int = Field(ge=0)


class Lost(Shard):
    """A shard that could not be scored, and what the state machine caught."""

    failure: dict[str, Any]


@cache
def scoring() -> Scoring:
    """Wired at the first shard of an environment; keeps the model."""
    return Scoring(use_case(), s3.S3ObjectStore(), settings.data_bucket(), _registry())


def plan(event: Plan) -> dict[str, Any]:
    """The shards that are still to be scored, of how many."""
    objects, bucket, asked = s3.S3ObjectStore(), settings.data_bucket(), event.request
    if asked.batch_id:
        request = read_request(objects, bucket, asked.batch_id)
    else:
        version = asked.model_version or _registry().serving().version
        request = ask(objects, bucket, use_case().name, version, asked.keys, asked.format)
    if event.run:
        note_run(objects, bucket, request.batch_id, event.run)
    made, todo = planning.plan(use_case(), objects, bucket, request)
    return {"batch_id": request.batch_id, "shards": todo, "total": len(made.shards)}


def score(event: Shard) -> dict[str, Any]:
    """How many rows of a shard were scored, and how many refused."""
    done = scoring().score(event.batch_id, event.shard)
    return {name: done[name] for name in ("shard", "rows", "scored", "refused")}


def lost(event: Lost) -> dict[str, Any]:
    """Note why a shard was given up."""
    finishing.give_up(s3.S3ObjectStore(), settings.data_bucket(), event.batch_id, event.shard, event.failure)
    return {"shard": event.shard}


def finish(event: Batch) -> dict[str, Any]:
    """The manifest in short."""
    return finishing.finish(s3.S3ObjectStore(), settings.data_bucket(), event.batch_id)


def _registry() -> RegistryReader:
    return RegistryReader(s3.S3ObjectStore(), settings.models_bucket(), use_case())


STEPS: Mapping[str, tuple[Callable[[Any], dict[str, Any]], type[BaseModel]]] = {
    "plan": (plan, Plan),
    "score": (score, Shard),
    "lost": (lost, Lost),
    "finish": (finish, Batch),
}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    event = mapping(event, "batch", f'"step" is one of {", ".join(STEPS)}')
    step = str(event.get("step"))
    if step not in STEPS:
        raise InvalidInputError(f'"step" is one of {", ".join(STEPS)}, not {step!r}')
    work, model = STEPS[step]
    answer = work(parsed(event, model, REMEDY))
    logger.info("Done", extra={"step": step, "answer": answer})
    return answer
