"""The route behind the site's demo: a drift report at once instead of within the hour."""

from collections.abc import Callable

from admin import holder_of
from fastapi import APIRouter, Depends
from problems import UNAVAILABLE, described
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from mlops import settings


class Requested(BaseModel):
    """The report comes within seconds, with a later `made_at` than the one before."""

    status: str = "requested"


def router(is_admin_key: Callable[[str], bool]) -> APIRouter:
    """The route, behind the key."""
    routes = APIRouter(dependencies=[Depends(holder_of(is_admin_key))])

    @routes.post(
        "/drift", status_code=202, response_model=Requested, responses={**UNAVAILABLE, **described(401, 403, 404)}
    )
    def report() -> Requested:
        """Measure drift now, and decide on it. Only where the stack's parameter `Demo` is ENABLED."""
        from mlops.stores.messages import request_report

        if not settings.demo():
            raise HTTPException(404, "Demo is DISABLED here: monitoring measures every hour")
        request_report()
        return Requested()

    return routes
