"""HTTP APIs as CloudFormation creates them: from SAM's OpenAPI document, or by routes and integrations."""

import secrets
import string
from collections.abc import Callable
from typing import Any

from localstack.aws.handlers import cors
from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)
from localstack.services.edge import ROUTER

from embedded_cloud.plugins.http_api import APIS, HttpApi, UnsupportedError, read

PATH = "/_aws/http-api/<api_id>"
Properties = dict[str, Any]


@hooks.on_infra_start()
def serve_http_apis() -> None:
    """Add the routes by which every HTTP API is reached."""

    def answer(request: Request, api_id: str, path: str = "", **_: Any) -> Response:
        if api := APIS.get(api_id):
            return api.answer(request, path)
        return Response('{"message":"Not Found"}', 404, mimetype="application/json")

    ROUTER.add(f"{PATH}/", answer)
    ROUTER.add(f"{PATH}/<path:path>", answer)
    original = cors.is_execute_api_call

    def is_execute_api_call(context: Any) -> bool:
        """Whether LocalStack leaves it to the API which other sites' browsers may ask it."""
        return bool(original(context)) or context.request.path.startswith(PATH.partition("<")[0])

    cors.is_execute_api_call = is_execute_api_call


class _Provider(ResourceProvider[Any]):
    """Creates and deletes one type of resource; each change is another resource."""

    def create(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        model: Properties = request.desired_state
        try:
            self.made(model, request.region_name)
        except UnsupportedError as unsupported:
            return ProgressEvent(OperationStatus.FAILED, model, message=str(unsupported))
        return ProgressEvent(OperationStatus.SUCCESS, model)

    def delete(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        self.removed(request.desired_state)
        return ProgressEvent(OperationStatus.SUCCESS, {})

    def made(self, model: Properties, region: str) -> None:
        raise NotImplementedError

    def removed(self, model: Properties) -> None:
        """Nothing: it goes with its API."""


class Api(_Provider):
    TYPE = "AWS::ApiGatewayV2::Api"
    SCHEMA = {"primaryIdentifier": ["/properties/ApiId"], "properties": {}}  # noqa: RUF012 - LocalStack's interface

    def made(self, model: Properties, region: str) -> None:
        document = model.get("Body") or {}
        if model.get("ProtocolType", "HTTP") != "HTTP":
            raise UnsupportedError(f"ProtocolType {model['ProtocolType']} is not served here, HTTP is")
        api = HttpApi(_id(), region)
        read(api, document, model.get("CorsConfiguration") or {})
        APIS[api.id] = api
        model |= {"ApiId": api.id, "ApiEndpoint": f"https://{api.id}.execute-api.{region}.amazonaws.com"}

    def removed(self, model: Properties) -> None:
        APIS.pop(model.get("ApiId", ""), None)


class Stage(_Provider):
    TYPE = "AWS::ApiGatewayV2::Stage"
    SCHEMA = {"primaryIdentifier": ["/properties/StageName"], "properties": {}}  # noqa: RUF012

    def made(self, model: Properties, region: str) -> None:  # noqa: ARG002
        APIS[model["ApiId"]].stages.add(model["StageName"])


class Integration(_Provider):
    TYPE = "AWS::ApiGatewayV2::Integration"
    SCHEMA = {"primaryIdentifier": ["/properties/IntegrationId"], "properties": {}}  # noqa: RUF012

    def made(self, model: Properties, region: str) -> None:  # noqa: ARG002
        model["IntegrationId"] = _id()
        if model.get("PayloadFormatVersion", "2.0") != "2.0":
            raise UnsupportedError(f"PayloadFormatVersion {model['PayloadFormatVersion']} is not given here, 2.0 is")
        APIS[model["ApiId"]].integrations[model["IntegrationId"]] = model["IntegrationUri"]


class Route(_Provider):
    TYPE = "AWS::ApiGatewayV2::Route"
    SCHEMA = {"primaryIdentifier": ["/properties/RouteId"], "properties": {}}  # noqa: RUF012

    def made(self, model: Properties, region: str) -> None:  # noqa: ARG002
        model["RouteId"], api = _id(), APIS[model["ApiId"]]
        if model.get("AuthorizationType", "NONE") != "NONE":
            raise UnsupportedError(f"Route {model['RouteKey']} has an authorizer, and none are asked here")
        api.add(model["RouteKey"], api.integrations[model["Target"].removeprefix("integrations/")])


def _plugin(provider: type[_Provider]) -> type[CloudFormationResourceProviderPlugin]:
    """What LocalStack finds a provider by."""

    class Plugin(CloudFormationResourceProviderPlugin):
        name = provider.TYPE
        factory: Callable[[], Any] = provider

        def load(self) -> None:
            """Nothing more to load."""

    return Plugin


API, STAGE, INTEGRATION, ROUTE = map(_plugin, (Api, Stage, Integration, Route))


def _id() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(10))
