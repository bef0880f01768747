"""The way from API Gateway to the version that serves."""

from embedded_cloud.errors import CloudError
from mlops_aws.account import Account
from mlops_aws.stacks import Stack


def check(account: Account, stack: Stack) -> None:
    """Raise CloudError unless a request through the API's definition and permissions is answered."""
    gateway, api = account.client("apigateway"), stack.outputs["ApiId"]
    resources = gateway.get_resources(restApiId=api, limit=500)["items"]
    (proxy,) = [each["id"] for each in resources if each["path"] == "/{proxy+}"]
    request = {"httpMethod": "GET", "pathWithQueryString": "/health"}
    answer = gateway.test_invoke_method(restApiId=api, resourceId=proxy, **request)
    if answer["status"] != 200:
        raise CloudError(
            f"GET /health through API Gateway answers {answer['status']}: {answer.get('body')}",
            "Compare the API's integration and permission with template.yaml",
        )
