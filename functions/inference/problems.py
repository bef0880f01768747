"""Errors as RFC 9457 problem details: one table from what went wrong to what the caller is told."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send
from telemetry import blame

from mlops.errors import (
    BatchNotFoundError,
    EntityNotFoundError,
    FileNotThereError,
    InvalidInputError,
    MlopsError,
    ModelCorruptedError,
    ModelNotFoundError,
    NoChampionError,
    PredictionNotFoundError,
    PromotionConflictError,
    RunNotFoundError,
    StoreUnavailableError,
)

MEDIA_TYPE = "application/problem+json"
STATUSES: Mapping[type[MlopsError], HTTPStatus] = {
    FileNotThereError: HTTPStatus.NOT_FOUND,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoChampionError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelNotFoundError: HTTPStatus.NOT_FOUND,
    PredictionNotFoundError: HTTPStatus.NOT_FOUND,
    EntityNotFoundError: HTTPStatus.NOT_FOUND,
    BatchNotFoundError: HTTPStatus.NOT_FOUND,
    RunNotFoundError: HTTPStatus.NOT_FOUND,
    PromotionConflictError: HTTPStatus.CONFLICT,
    ModelCorruptedError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
# What a driver says of a store names its address; that is for the log alone.
_DETAILS: Mapping[type[MlopsError], str] = {
    StoreUnavailableError: "A store that this call needs does not answer",
    PromotionConflictError: "Another promotion was first: look at GET /models and decide anew",
}
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in words"},
        "errors": {
            "type": "array",
            "description": "Each bad field and what is wrong with it",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "reason": {"type": "string"}}},
        },
    },
}

logger = Logger(service="inference", child=True)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem answers as OpenAPI describes them."""
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


UNAVAILABLE = described(503)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail, **more}
    return JSONResponse(body, int(status), headers, media_type=MEDIA_TYPE)


def bad_fields(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Each bad field by its place in the request, in the table's own column names, and what is wrong with it."""
    return [{"field": _place(error["loc"]), "reason": error["msg"].removeprefix("Value error, ")} for error in errors]


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(MlopsError, _product)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Unforeseen)


class Unforeseen:
    """ASGI middleware for errors that no one expected: logged here and answered once.

    Starlette's own place for them raises them again behind the answer, for a server to log a second time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            logger.error("Unforeseen error", exc_info=error)
            blame(scope, error)
            detail = "Something went wrong on our side; the log has the details"
            await problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)(scope, receive, send)


async def _product(request: Request, error: Exception) -> JSONResponse:
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)
    if status is None:
        raise error
    blame(request.scope, error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("Request not served", extra={"reason": str(error), "error": type(error).__name__})
    headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    detail = next((words for kind, words in _DETAILS.items() if isinstance(error, kind)), str(error))
    return problem(status, detail, headers)


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    blame(request.scope, error)
    kind, _, _ = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json" and any("body" in each["loc"] for each in error.errors()):
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json")
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problem(HTTPStatus.BAD_REQUEST, "The body is not JSON")
    errors = bad_fields(found)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, in_words(errors), errors=errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    blame(request.scope, error)
    return problem(error.status_code, str(error.detail), error.headers)


def in_words(errors: Sequence[Mapping[str, str]]) -> str:
    """The bad fields in one sentence."""
    return "; ".join(f"{each['field']}: {each['reason']}" for each in errors)


def _place(location: Sequence[str | int]) -> str:
    parts = [part for part in location if part not in ("body", "query")]
    return ".".join(map(str, parts)) or "body"
