"""Where a stack is found on this machine, whose names of AWS lead nowhere."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from embedded_cloud.aws import REGION
from embedded_cloud.cloud import Cloud
from embedded_cloud.stack import Stack

DOMAIN = r"(?:amazonaws\.com|localhost\.localstack\.cloud)(?::\d+)?"
API = re.compile(rf"https?://([a-z0-9]+)\.execute-api\.(?:[a-z0-9-]+\.)?{DOMAIN}(?:/$)?")
FUNCTION_URL = re.compile(
    r"https?://([a-z0-9]+)\.lambda-url\.[a-z0-9-]+\.(?:on\.aws|localhost\.localstack\.cloud(?::\d+)?)"
)
QUEUE = re.compile(r"https?://(?:sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue)\." + DOMAIN)


def local(value: str, endpoint_url: str, http_apis: Collection[str] = ()) -> str:
    """A text in which addresses of APIs, functions and queues are those that lead to this cloud.

    `http_apis` are the ids of the HTTP APIs among the APIs.
    """

    def api(found: re.Match[str]) -> str:
        return f"{endpoint_url}/_aws/{'http-api' if found[1] in http_apis else 'execute-api'}/{found[1]}"

    value = API.sub(api, value)
    value = FUNCTION_URL.sub(rf"{endpoint_url}/_aws/lambda-url/\1", value)
    return QUEUE.sub(endpoint_url, value)


def outputs(cloud: Cloud, stack: Stack) -> dict[str, Any]:
    """What `outputs` prints: the stack's own outputs, its APIs by logical name, its functions' names."""
    endpoint, http_apis = cloud.aws.endpoint_url, stack.resources.get("AWS::ApiGatewayV2::Api", {})
    stores = {
        **({"database_url": cloud.database_url} if "postgres" in cloud.services else {}),
        **({"redis_url": cloud.redis_url} if "valkey" in cloud.services else {}),
    }
    return {
        "stack_name": stack.name,
        "endpoint_url": endpoint,
        "region": REGION,
        **stores,
        "outputs": {name: local(value, endpoint, http_apis.values()) for name, value in stack.outputs.items()},
        "apis": {**_apis(cloud, stack), **{name: f"{endpoint}/_aws/http-api/{api}" for name, api in http_apis.items()}},
        "functions": dict(stack.functions),
    }


def _apis(cloud: Cloud, stack: Stack) -> Mapping[str, str]:
    """The address of each REST API's last stage."""
    client, found = cloud.aws.client("apigateway"), {}
    for name, api in stack.resources.get("AWS::ApiGateway::RestApi", {}).items():
        stages = client.get_stages(restApiId=api)["item"]
        wanted = [each["stageName"] for each in stages if each["stageName"] != "Stage"]  # SAM makes one of that name
        if wanted:
            found[name] = f"{cloud.aws.endpoint_url}/_aws/execute-api/{api}/{wanted[-1]}"
    return found
