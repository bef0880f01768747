"""The routes that only the holder of the admin key may call."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from bodies import PromotionAnswer
from dependencies import Dependencies
from fastapi import APIRouter, Depends, Security
from fastapi.security import APIKeyHeader
from problems import UNAVAILABLE, described
from starlette.exceptions import HTTPException

from mlops.errors import EntityNotFoundError, ModelCorruptedError

_header = APIKeyHeader(name="X-Api-Key", auto_error=False)


def router(dependencies: Dependencies) -> APIRouter:
    """The routes over some dependencies, behind the key."""
    routes = APIRouter(dependencies=[Depends(holder_of(dependencies.is_admin_key))])
    answers = {**UNAVAILABLE, **described(401, 403, 404)}

    @routes.post("/models/{version}/promote", response_model=PromotionAnswer, responses={**answers, **described(409)})
    def promote(version: str) -> dict[str, Any]:
        """Make a version champion, past the gate. Rollback is this same call; it serves everywhere within 5 seconds."""
        try:
            return asdict(dependencies.set_champion(version))
        except ModelCorruptedError as error:
            raise HTTPException(409, str(error)) from error

    @routes.get("/entities/{row_id}", responses=answers)
    def entity(row_id: str) -> dict[str, Any]:
        """What the online store holds of an id: its features, and the dataset version that they are of."""
        found = dependencies.entities.get(row_id)
        if found is None:
            raise EntityNotFoundError(f"The online store holds nothing of id {row_id!r}")
        return {
            "id": found.row_id,
            "dataset_version": found.dataset_version,
            "event_time": found.event_time,
            "features": found.features,
        }

    return routes


def holder_of(is_admin_key: Callable[[str], bool]) -> Callable[..., None]:
    """What lets nobody pass without the key."""

    def check(key: Annotated[str | None, Security(_header)] = None) -> None:
        if not key:
            raise HTTPException(401, "Send the admin key as X-Api-Key", {"WWW-Authenticate": "ApiKey"})
        if not is_admin_key(key):
            raise HTTPException(403, "This is not the admin key")

    return check
