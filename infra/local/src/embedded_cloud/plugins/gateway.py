"""Where LocalStack 4.9.2's API Gateway departs from AWS's, and what is done about it.

Payloads over Lambda's limit, the bodies of forms, and gateway responses, which LocalStack stores and does not apply.
"""

import io
import json
from collections.abc import Callable
from typing import Any

from localstack.aws.api.apigateway import GatewayResponse
from localstack.http import Response
from localstack.runtime import hooks
from localstack.services.apigateway.helpers import parse_json_or_yaml
from localstack.services.apigateway.legacy import provider
from localstack.services.apigateway.models import apigateway_stores
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    IntegrationFailureError,
    RequestTooLargeError,
    get_gateway_response_or_default,
)
from localstack.services.apigateway.next_gen.execute_api.handlers import parse
from localstack.services.apigateway.next_gen.execute_api.handlers.gateway_exception import GatewayExceptionHandler
from localstack.services.apigateway.next_gen.execute_api.integrations.aws import RestApiAwsProxyIntegration
from localstack.services.edge import ROUTER
from werkzeug.wrappers import Request

RESPONSES = "x-amazon-apigateway-gateway-responses"


@hooks.on_infra_start()
def correct_gateway() -> None:
    """Apply all corrections, before any API exists."""
    ROUTER.add("/_aws/execute-api/<path:asked>", no_api_yet)
    Request.max_form_memory_size = None  # a form of half a megabyte would be an error of LocalStack's own, 500
    refuse_large_payloads()
    parse.restore_payload = whole_body(parse.restore_payload)
    import_gateway_responses()
    apply_gateway_responses()


def no_api_yet(_: Any, **__: Any) -> Response:
    """What is asked of an API before the first one exists; LocalStack, whose routes come with it, would answer 200."""
    return Response('{"message": "Service Unavailable"}', 503, {"Retry-After": "1"}, mimetype="application/json")


def whole_body(restore: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """A form's body as it came; LocalStack parses it and writes it anew: `curl -d '{"a": 1}'` would send `%7B%22a…`."""

    def payload(request: Any) -> bytes:
        whole: bytes = request.get_data(parse_form_data=False)
        return whole or restore(request)

    return payload


def refuse_large_payloads() -> None:
    """Answer 413 where Lambda refuses a payload for its size; LocalStack makes it a failed integration, 502."""
    original = RestApiAwsProxyIntegration.invoke

    def invoke(self: RestApiAwsProxyIntegration, context: Any) -> Any:
        try:
            return original(self, context)
        except IntegrationFailureError as failure:
            answer = getattr(failure.__cause__, "response", {})
            if answer.get("Error", {}).get("Code") == "RequestTooLargeException":
                raise RequestTooLargeError("Request Too Long") from failure
            raise

    RestApiAwsProxyIntegration.invoke = invoke


def import_gateway_responses() -> None:
    """Take the gateway responses of an OpenAPI document too; LocalStack takes those of the API's own calls alone."""
    original = provider.import_api_from_openapi_spec

    def import_api(rest_api: Any, context: Any, request: Any) -> Any:
        body = request["body"].read()
        imported = original(rest_api, context, {**request, "body": io.BytesIO(body)})
        container = apigateway_stores[context.account_id][context.region].rest_apis[rest_api.id]
        for kind, response in (parse_json_or_yaml(body.decode()).get(RESPONSES) or {}).items():
            container.gateway_responses[kind] = GatewayResponse(
                responseType=kind,
                statusCode=str(response["statusCode"]) if "statusCode" in response else None,
                responseParameters=response.get("responseParameters", {}),
                responseTemplates=response.get("responseTemplates", {}),
            )
        return imported

    provider.import_api_from_openapi_spec = import_api


def apply_gateway_responses() -> None:
    """Fill in the template and add the headers: literal ones, and the request's id."""
    original = GatewayExceptionHandler.create_exception_response

    def create(self: GatewayExceptionHandler, exception: Any, context: Any) -> Any:
        response = original(self, exception, context)
        wanted = get_gateway_response_or_default(exception.type, context.deployment.rest_api.gateway_responses)
        known = {
            "context.error.messageString": json.dumps(exception.message),
            "context.error.responseType": str(getattr(exception.type, "value", exception.type)),
            "context.requestId": context.context_variables["requestId"],
        }
        if parameters := wanted.get("responseParameters"):
            for name, value in parameters.items():
                response.headers[name.removeprefix("gatewayresponse.header.")] = known.get(value, value).strip("'")
            text = wanted["responseTemplates"].get("application/json", "")
            for name, value in known.items():
                text = text.replace(f"${name}", value)
            response.set_data(text or response.get_data())
        return response

    GatewayExceptionHandler.create_exception_response = create
