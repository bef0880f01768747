"""Requests that Lambda refuses and LocalStack takes."""

import base64
import io
import json
import sys
from collections.abc import Callable
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.lambda_ import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    RequestTooLargeException,
)
from localstack.aws.chain import HandlerChain
from localstack.http import Response
from localstack.runtime import hooks

Request = dict[str, Any]
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_PAYLOAD_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024}
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
RETRY_LIMITS = {"MaximumRetryAttempts": (0, 2), "MaximumEventAgeInSeconds": (60, 21_600)}
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
RESERVED_VARIABLES = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}


@hooks.on_infra_start()
def validate_requests() -> None:
    handlers.serve_custom_service_request_handlers.append(validate)


def validate(_: HandlerChain, context: RequestContext, __: Response) -> None:
    """Answer with Lambda's own error where it has one for the request."""
    if context.operation and context.service.service_name == "lambda":
        for check in CHECKS.get(context.operation.name, ()):
            check(context.service_request)


def check_payload(request: Request) -> None:
    """JSON of at most the limit; nothing at all is an empty object."""
    body = request.get("Payload")
    payload = (body.read() if body else b"") or b"{}"
    request["Payload"] = io.BytesIO(payload)  # for the one who reads it next
    mode = request.get("InvocationType") or "RequestResponse"
    if len(payload) > (limit := MAX_PAYLOAD_BYTES.get(mode, sys.maxsize)):
        raise RequestTooLargeException(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")
    try:
        json.loads(payload)
    except ValueError as error:
        raise InvalidRequestContentException(f"Could not parse request body into json: {error}", Type="User") from error


def check_client_context(request: Request) -> None:
    """A JSON object in Base64."""
    if not (given := request.get("ClientContext")):
        return
    try:
        valid = isinstance(json.loads(base64.b64decode(given, validate=True)), dict)
    except ValueError:
        valid = False
    if not valid:
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.", Type="User")


def check_variables(request: Request) -> None:
    """Lambda's own variables cannot be configured."""
    variables = (request.get("Environment") or {}).get("Variables") or {}
    if reserved := sorted(RESERVED_VARIABLES & variables.keys()):
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}",
            Type="User",
        )


def check_retries(request: Request) -> None:
    """Retries and age of asynchronous events within their limits."""
    for name, (least, most) in RETRY_LIMITS.items():
        value = request.get(name)
        if value is not None and not least <= value <= most:
            field = name[0].lower() + name[1:]
            bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
            message = f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: "
            raise CommonServiceException("ValidationException", f"{message}Member must have value {bound}")


CHECKS: dict[str, tuple[Callable[[Request], None], ...]] = {
    "Invoke": (check_payload, check_client_context),
    "CreateFunction": (check_variables,),
    "UpdateFunctionConfiguration": (check_variables,),
    "PutFunctionEventInvokeConfig": (check_retries,),
    "UpdateFunctionEventInvokeConfig": (check_retries,),
}
