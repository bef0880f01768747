"""HTTP APIs (API Gateway V2), which LocalStack's free edition has not: routes to functions, payload format 2.0, CORS.

Served under ``/_aws/http-api/<id>/…``. What is not applied here is refused when the stack is created.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from localstack.aws.connect import connect_to
from localstack.http import Request, Response
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.urlrouter import event_for_lambda_url, lambda_result_to_response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

DEFAULT = (
    "$default"  # the name of the stage that has no part in the path, and of the route that takes what no other does
)
FUNCTION = re.compile(r"(arn:aws[^:]*:lambda:[^/]+)")
INTEGRATION, CORS = "x-amazon-apigateway-integration", "x-amazon-apigateway-cors"
ANY = ("x-amazon-apigateway-any-method", "any")
APIS: dict[str, "HttpApi"] = {}


class UnsupportedError(Exception):
    """A template asks for what is not applied here; the message says what, and the remedy."""


@dataclass
class HttpApi:
    """An API by its routes: by key, such as ``GET /orders/{id}``, the ARN of a function."""

    id: str
    region: str
    routes: dict[str, str] = field(default_factory=dict)
    stages: set[str] = field(default_factory=set)
    integrations: dict[str, str] = field(default_factory=dict)
    cors: Mapping[str, Any] = field(default_factory=dict)

    def add(self, key: str, uri: str, payload: str = "2.0") -> None:
        """Add a route; UnsupportedError where it leads to no function."""
        found = FUNCTION.search(uri)
        if not found:
            raise UnsupportedError(f"Route {key} leads to {uri}, and here routes lead to functions")
        if payload != "2.0":
            raise UnsupportedError(f"Route {key} has payload format {payload}: set PayloadFormatVersion to 2.0")
        self.routes[key] = found[1]

    def matched(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """The key of the route that takes a request, and the parameters in its path."""
        rules = [rule for key in self.routes if key != DEFAULT for rule in _rules(key)]
        try:
            key, parameters = Map(rules, merge_slashes=False).bind("").match(path, method)
        except HTTPException:
            return (DEFAULT, {}) if DEFAULT in self.routes else None
        return str(key), {name: unquote(value) for name, value in parameters.items()}

    def answer(self, request: Request, path: str) -> Response:
        """What the function of a request's route answers."""
        origin = self._cors_headers(request)
        if origin and request.method == "OPTIONS":
            return Response(status=HTTPStatus.NO_CONTENT, headers=origin)
        stage = next((each for each in self.stages if path.split("/")[0] == each), DEFAULT)
        inner = "/" + (path if stage == DEFAULT else path.partition("/")[2])
        matched = self.matched(request.method, inner)
        if not matched:
            return Response('{"message":"Not Found"}', HTTPStatus.NOT_FOUND, origin, "application/json")
        key, parameters = matched
        asked, request.path = request.path, f"/{path}"
        event = event_for_lambda_url(self.id, request) | {"routeKey": key}
        request.path = asked  # by which LocalStack knows that it is left to the API which sites may ask it
        event["requestContext"] |= {"routeKey": key, "stage": stage}
        if parameters:
            event["pathParameters"] = parameters
        if cookies := event["headers"].pop("cookie", ""):
            event["cookies"] = [each.strip() for each in cookies.split(";")]
        if not event["queryStringParameters"]:
            del event["queryStringParameters"]
        response = _invoked(self.routes[key], self.region, event)
        response.headers.update(origin)
        return response

    def _cors_headers(self, request: Request) -> dict[str, str]:
        """Of the answer to a browser on another site, if the API lets it in."""
        origin, allowed = request.headers.get("Origin", ""), self.cors.get("alloworigins", [])
        if not origin or not ("*" in allowed or origin in allowed):
            return {}
        headers = {"Access-Control-Allow-Origin": "*" if "*" in allowed else origin}
        for name in ("Allow-Methods", "Allow-Headers", "Expose-Headers"):
            if values := self.cors.get(name.replace("-", "").lower()):
                headers[f"Access-Control-{name}"] = ",".join(values)
        if self.cors.get("allowcredentials"):
            headers["Access-Control-Allow-Credentials"] = "true"
        if age := self.cors.get("maxage"):
            headers["Access-Control-Max-Age"] = str(age)
        return headers


def read(api: HttpApi, document: Mapping[str, Any], cors: Mapping[str, Any]) -> None:
    """Take the routes of an OpenAPI document, as SAM writes it; UnsupportedError for what is not applied."""
    given = cors or document.get(CORS) or {}
    api.cors = {name.lower(): value for name, value in given.items()}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if not isinstance(operation, dict) or INTEGRATION not in operation:
                continue
            key = path.strip("/") if path.strip("/") == DEFAULT else f"{_method(method)} {path}"
            if any(operation.get("security") or ()):
                raise UnsupportedError(f"Route {key} has an authorizer, and none are asked here: leave out Auth")
            integration = operation[INTEGRATION]
            api.add(key, integration["uri"], str(integration.get("payloadFormatVersion", "2.0")))


def _method(name: str) -> str:
    return "ANY" if name in ANY else name.upper()


def _rules(key: str) -> Iterator[Rule]:
    """A route as werkzeug has it: ``{id}`` is a part of the path, ``{proxy+}`` all the rest."""
    method, path = key.split(" ", 1)
    path = re.sub(r"\{(\w+)\+\}", r"<path:\1>", path)
    path = re.sub(r"\{(\w+)\}", r"<\1>", path)
    yield Rule(path, endpoint=key, methods=None if method == "ANY" else [method], strict_slashes=False)


def _invoked(function: str, region: str, event: Mapping[str, Any]) -> Response:
    answered = connect_to(region_name=region).lambda_.invoke(FunctionName=function, Payload=json.dumps(event))
    payload = answered["Payload"].read()
    if "FunctionError" in answered:
        words = '{"message":"Internal Server Error"}'
        return Response(words, HTTPStatus.INTERNAL_SERVER_ERROR, mimetype="application/json")
    response = lambda_result_to_response(InvocationResult("", payload, is_error=False, logs=None))
    given = json.loads(payload)
    for cookie in given.get("cookies", ()) if isinstance(given, dict) else ():
        response.headers.add("Set-Cookie", cookie)
    return response
