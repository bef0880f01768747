"""Features: takes `{"dataset_version"}`; answers when the offline and the online store hold its features.

A large dataset can be done in parts, by steps: `plan` does a small one whole and answers with the parts of a large one,
`part` does one of them, `publish` lets all of them be read at once.
"""

from functools import cache
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import EVENT_BRIDGE
from aws_lambda_powertools.utilities.parser import BaseModel

from mlops import settings
from mlops.errors import InvalidInputError
from mlops.features.featurize import Featurizing
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.wiring import use_case
from mlops.wiring.events import mapping, parsed

logger = Logger(service="features")
REMEDY = 'The event names no dataset: send {"dataset_version": …}, as ingestion answers it'


class Dataset(BaseModel):
    """A dataset version, as ingestion answers it, and what to do with it; `part` is (number, of how many)."""

    dataset_version: str
    step: Literal["whole", "plan", "part", "publish"] = "whole"
    part: tuple[int, int] | None = None


@cache
def featurizing() -> Featurizing:
    """A connection each: rows are read from one while their features are copied into the other."""
    url, case = settings.database_url(), use_case()
    return Featurizing(
        case,
        PostgresDatasetStore(Database(url), case),
        PostgresOfflineStore(Database(url), case),
        RedisOnlineStore(settings.redis_url(), case),
    )


@logger.inject_lambda_context(correlation_id_path=EVENT_BRIDGE, clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    answer = _answer(parsed(mapping(event, "features", REMEDY), Dataset, REMEDY))
    logger.info("Features written", extra=answer)
    return answer


def _answer(asked: Dataset) -> dict[str, Any]:
    work, version = featurizing(), asked.dataset_version
    match asked.step:
        case "plan":
            parts = work.parts(version)
            done = {"dataset_version": version, "schema_hash": work.case.schema_hash} if parts else work.whole(version)
            return {**done, "parts": parts}
        case "part":
            number, of = asked.part or (0, 0)
            if not 0 <= number < of:
                raise InvalidInputError(f"part is {asked.part}, must be [number, of how many] as the step plan says")
            return {"rows": work.part(version, number, of)}
        case "publish":
            return work.publish(version)
        case _:
            return work.whole(version)
