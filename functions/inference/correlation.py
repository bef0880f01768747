"""One name for a request: the same in every log record, in the stored prediction and in the answer's X-Request-Id.

Here is the logger that all others of the function are children of.
"""

import logging
import re
from uuid import uuid4

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"x-request-id"
# A request that says so of itself is told apart by its name, in the log and in the history: the site's demo.
_SIMULATED, SIMULATED = b"x-simulated", "simulated-"
_SOUND = re.compile(rb"[\w.-]{1,100}")
_KEY = "correlation_id"

logger = Logger(service="inference")
logging.getLogger("mlops")
copy_config_to_registered_loggers(logger, include={"mlops"})  # the product's own records come as JSON too


def begin(correlation_id: str) -> None:
    """Name what is being answered, until the context of this task or invocation ends."""
    logger.thread_safe_append_keys(**{_KEY: correlation_id})


def current() -> str | None:
    """The name of what is being answered."""
    name: str | None = logger.thread_safe_get_current_keys().get(_KEY)
    return name


class Correlation:
    """ASGI middleware: the gateway's name for the request, else the caller's, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin(name := _name(scope))

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_HEADER, name.encode())]
            await send(message)

        await self._app(scope, receive, named)


def _name(scope: Scope) -> str:
    headers = dict(scope["headers"])
    mark = SIMULATED if _SIMULATED in headers else ""
    if "aws.event" in scope:
        known = scope["aws.event"].get("requestContext", {}).get("requestId")
        return f"{mark}{known or uuid4().hex}"  # a load balancer names no request
    given = headers.get(_HEADER, b"")
    return mark + (given.decode() if _SOUND.fullmatch(given) else uuid4().hex)
