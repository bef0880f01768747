"""HTTP events of API Gateway (REST and HTTP), load balancers and function URLs: told from others, and answered."""

import json
from collections.abc import Callable
from typing import Any

from api import site_origins
from problems import MEDIA_TYPE

# The app needs neither, and what callers write there is not always a host and a port.
_UNREAD = frozenset({"host", "x-forwarded-port"})
Answer = dict[str, Any]


def is_http(event: dict[str, Any]) -> bool:
    """Whether an event is a request."""
    context = event.get("requestContext")
    return "httpMethod" in event or (isinstance(context, dict) and "http" in context)


def answer(adapter: Callable[[Any, Any], Answer], event: dict[str, Any], context: Any) -> Answer:
    """The adapter's answer; a request that is none, as one whose text is no Unicode, is answered 400.

    Whatever goes wrong inside the app is answered there: what comes out of the adapter is about the event.
    """
    try:
        headers = {
            name: {key: value for key, value in (event.get(name) or {}).items() if key.lower() not in _UNREAD}
            for name in ("headers", "multiValueHeaders")
            if name in event
        }
        return adapter({**event, **headers}, context)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        detail = f"This is no request that can be read: {type(error).__name__}"
        body = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail}
        about = event.get("requestContext")
        name = about.get("requestId") if isinstance(about, dict) else None
        answered = {"content-type": MEDIA_TYPE, "x-request-id": str(name or context.aws_request_id)}
        if (origin := _origin(event)) in site_origins():
            answered["access-control-allow-origin"] = str(origin)
        return {
            "statusCode": 400,
            "headers": answered,
            "multiValueHeaders": {},
            "body": json.dumps(body),
            "isBase64Encoded": False,
        }


def _origin(event: dict[str, Any]) -> Any:
    """Where the page is that asks, as far as the event can be read."""
    for headers in (event.get("headers"), event.get("multiValueHeaders")):
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if str(name).lower() == "origin":
                return value[-1] if value and isinstance(value, list) else value
    return None
