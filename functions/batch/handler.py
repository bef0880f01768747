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
from mlops.batch.layout import read_request
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


class Shard(Batch):
    shard: int = Field(ge=0)


class Lost(Shard):
    """A shard that could not be scored, and what the state machine caught."""

    failure: dict[str, Any]


@cache
def scoring() -> Scoring:
    """Wired at the first shard of an environment; keeps the model."""
    objects = s3.S3ObjectStore()
    registry = RegistryReader(objects, settings.models_bucket(), use_case())
    return Scoring(use_case(), objects, settings.data_bucket(), registry)


def plan(event: Batch) -> dict[str, Any]:
    """The shards that are still to be scored, of how many."""
    objects, bucket = s3.S3ObjectStore(), settings.data_bucket()
    request = read_request(objects, bucket, event.batch_id)
    made, todo = planning.plan(use_case(), objects, bucket, request)
    return {"batch_id": event.batch_id, "shards": todo, "total": len(made.shards)}


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


STEPS: Mapping[str, tuple[Callable[[Any], dict[str, Any]], type[BaseModel]]] = {
    "plan": (plan, Batch),
    "score": (score, Shard),
    "lost": (lost, Lost),
    "finish": (finish, Batch),
}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    event = mapping(event, "batch", f'"step" is one of {", ".join(STEPS)}')
    step = event.get("step")
    if step not in STEPS:
        raise InvalidInputError(f'"step" is one of {", ".join(STEPS)}')
    work, model = STEPS[step]
    answer = work(parsed(event, model, REMEDY))
    logger.info("Done", extra={"step": step, "answer": answer})
    return answer
