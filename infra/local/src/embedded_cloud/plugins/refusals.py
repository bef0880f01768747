"""What no process of this machine can do is refused when it is asked for, not when it is first needed."""

from collections.abc import Iterator, Mapping
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.aws.chain import HandlerChain
from localstack.http import Response
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.lambda_models import LayerVersion
from localstack.services.lambda_.invocation.models import lambda_stores

from embedded_cloud.architecture import lambda_architecture
from embedded_cloud.plugins.executor import runtimes_here, unzipped
from embedded_cloud.sandbox.layers import extensions

OPERATIONS = {
    "CreateFunction",
    "CreateFunctionUrlConfig",
    "InvokeWithResponseStream",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
    "UpdateFunctionUrlConfig",
}

LAYER_VERSION_PARTS = 8  # arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION


@hooks.on_infra_start()
def refuse_what_cannot_run() -> None:
    handlers.serve_custom_service_request_handlers.append(refuse)


def refuse(_: HandlerChain, context: RequestContext, __: Response) -> None:
    """Answer with 400 and words that name the function, what was asked for and the remedy."""
    if not context.operation or context.operation.name not in OPERATIONS or context.service.service_name != "lambda":
        return
    request = context.service_request
    for reason in _reasons(context.operation.name, request):
        raise InvalidParameterValueException(f"{request['FunctionName']} asks for {reason}", Type="User")


def _reasons(operation: str, request: Mapping[str, Any]) -> Iterator[str]:
    """What was seen and the remedy."""
    if operation == "InvokeWithResponseStream" or request.get("InvokeMode") == "RESPONSE_STREAM":
        yield "response streaming, and answers are sent whole here: use Invoke, or InvokeMode BUFFERED"
    here = ", ".join(runtimes_here())
    if request.get("PackageType") == "Image" or request.get("ImageUri"):
        yield f"a container image, and only ZIP packages run here: deploy one for {here}"
    if (runtime := request.get("Runtime")) and runtime not in runtimes_here():
        yield f"runtime {runtime}, and here are {here}: set Runtime to one of them, or install its interpreter"
    for arn in request.get("Layers") or ():
        if not (layer := _layer(arn)):
            yield f"layer {arn}, which is not in this cloud: publish it here, or put its modules into the artifact"
        elif found := extensions(*unzipped([layer])):
            yield f"layer {arn} with the extension {found[0]}, and extensions run on AWS only: leave the layer out here"
    if (request.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        yield "SnapStart, and no snapshots are taken here: set ApplyOn to None"
    wanted = request.get("Architectures") or (["x86_64"] if operation == "CreateFunction" else [])
    if wanted and wanted != [machine := lambda_architecture()]:
        remedy = f"build for it and set Architectures to [{machine}]"
        yield f"architecture {', '.join(wanted)}, and this machine is {machine}: {remedy}"


def _layer(arn: str) -> LayerVersion | None:
    """A layer's version that was published here."""
    parts = arn.split(":")
    if len(parts) != LAYER_VERSION_PARTS:
        return None
    _, _, _, region, account, _, name, version = parts
    layer = lambda_stores[account][region].layers.get(name)
    return layer.layer_versions.get(version) if layer else None
