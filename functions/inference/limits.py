"""How much a caller may send and is answered, and how many may call at once. The same limits at every door."""

import asyncio
import json
from contextvars import ContextVar

from problems import problem
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Bytes of a request's body; Lambda itself takes 6 MB of JSON around it.
MAX_BODY = 4 * 2**20
# Bytes of an answer as Lambda hands it on: JSON in which the body is a text, and its headers beside it.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ANSWER = 6 * 2**20
HEADERS = 8 * 2**10
# The same of a load balancer.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
MAX_BALANCED = 2**20
# Bytes that are read and dropped behind a body that is too long: a client hears no answer before it has sent it all.
DROPPED = 64 * 2**20
BODY_TOO_LONG = f"The body has more than {MAX_BODY:,} bytes: send fewer rows at once"

# The limit of the request that is being answered.
_most = ContextVar("most", default=MAX_ANSWER)


def answer_too_long() -> str:
    whose = "a load balancer's" if _most.get() == MAX_BALANCED else "Lambda's"
    return f"The answer has more than {_most.get():,} bytes, {whose} limit: ask for less at once"


def fits(body: bytes) -> bool:
    """Whether an answer's body passes through to the caller; as JSON a byte can become six."""
    room = _most.get() - HEADERS
    return 6 * len(body) <= room or len(json.dumps(body.decode(errors="replace"))) <= room


class Size:
    """ASGI middleware that answers 413 instead of taking a body, or giving an answer, over its limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, start = 0, None
        _most.set(MAX_BALANCED if _is_balanced(scope) else MAX_ANSWER)

        async def measured() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_BODY:
                while message.get("more_body") and size <= DROPPED:
                    message = await receive()
                    size += len(message.get("body", b""))
                raise HTTPException(413, BODY_TOO_LONG)
            return message

        async def fitting(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message  # until the body is seen
                return
            if start and not fits(message.get("body", b"")):
                await problem(413, answer_too_long())(scope, receive, send)
            else:
                if start:
                    await send(start)
                await send(message)
            start = None

        await self._app(scope, measured, fitting)


def _is_balanced(scope: Scope) -> bool:
    """Whether a request came by a load balancer; Mangum keeps its event."""
    context = scope.get("aws.event", {}).get("requestContext")
    return isinstance(context, dict) and "elb" in context


class Head:
    """ASGI middleware that answers HEAD as GET is answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class Concurrency:
    """ASGI middleware for a server's process: more than `limit` requests at once are answered 429.

    A prediction blocks the process, so whatever has come meanwhile is let in once, and counted, before the next one.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._running >= self._limit:
            full = f"{self._limit} requests are being answered already"
            await problem(429, full, {"Retry-After": "1"})(scope, receive, send)
            return
        self._running += 1
        try:
            await asyncio.sleep(0)
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
