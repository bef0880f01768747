"""The route that only the holder of the admin key may call."""

from dataclasses import asdict
from secrets import compare_digest
from typing import Annotated, Any

from bodies import PromotionAnswer
from fastapi import APIRouter, Security
from fastapi.security import APIKeyHeader
from problems import UNAVAILABLE, described
from starlette.exceptions import HTTPException

from mlops import wiring
from mlops.errors import ModelCorruptedError

router = APIRouter()
_header = APIKeyHeader(name="X-Api-Key", auto_error=False)
_ANSWERS = {**UNAVAILABLE, **described(401, 403, 404, 409)}


@router.post("/models/{version}/promote", response_model=PromotionAnswer, responses=_ANSWERS)
def promote(version: str, key: Annotated[str | None, Security(_header)] = None) -> dict[str, Any]:
    """Make a version champion, past the gate. Rollback is this same call; it serves everywhere within 5 seconds."""
    if not key:
        raise HTTPException(401, "Send the admin key as X-Api-Key", {"WWW-Authenticate": "ApiKey"})
    if not compare_digest(key.encode(), wiring.admin_key().encode()):
        raise HTTPException(403, "This is not the admin key")
    try:
        return asdict(wiring.crowning()(version))
    except ModelCorruptedError as error:
        raise HTTPException(409, str(error)) from error
