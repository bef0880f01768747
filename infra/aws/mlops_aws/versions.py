"""Published versions of the inference function, and the alias `live` that the API invokes.

An alias may send a share of its requests to a second version, so that a new one is tried on little before it has all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_aws.account import Account

ALIAS, LATEST = "live", "$LATEST"
KEPT = 5  # newest published versions; each keeps its whole artifact


@dataclass(frozen=True, slots=True)
class Live:
    """The alias of one function."""

    account: Account
    function: str

    @property
    def _lambda(self) -> Any:
        return self.account.client("lambda")

    def version(self) -> str | None:
        """The version that serves; None where the stack has no alias yet."""
        try:
            version: str = self._lambda.get_alias(FunctionName=self.function, Name=ALIAS)["FunctionVersion"]
        except self._lambda.exceptions.ResourceNotFoundException:
            return None
        return version

    def point_to(self, version: str, second: Mapping[str, float] | None = None) -> None:
        """Send all requests to a version; `second` gives a share of them, 0 to 1, to another one."""
        weights = {"AdditionalVersionWeights": dict(second or {})}
        self._lambda.update_alias(
            FunctionName=self.function, Name=ALIAS, FunctionVersion=version, RoutingConfig=weights
        )

    def publish(self) -> str:
        """Publish what is deployed and return its version: the last one if nothing has changed since."""
        self._lambda.get_waiter("function_updated_v2").wait(FunctionName=self.function)
        version: str = self._lambda.publish_version(FunctionName=self.function)["Version"]
        self._lambda.get_waiter("published_version_active").wait(FunctionName=self.function, Qualifier=version)
        return version

    def ask(self, version: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and document of one request to one version, as the gateway passes requests on; none is logged."""
        query = {"what_if": "true"}
        event = {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {"Content-Type": ["application/json"]},
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
            "pathParameters": {"proxy": path.lstrip("/")},
            "stageVariables": None,
            "requestContext": {
                "resourcePath": "/{proxy+}",
                "httpMethod": method,
                "path": f"/live{path}",
                "stage": "live",
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = self._lambda.invoke(FunctionName=self.function, Qualifier=version, Payload=json.dumps(event))
        content = answer["Payload"].read()
        if "FunctionError" in answer:
            return 502, {"detail": content.decode(errors="replace")}
        response = json.loads(content)
        return response["statusCode"], json.loads(response["body"] or "null")

    def forget_old(self) -> None:
        """Delete all but the newest versions and the one that serves."""
        pages = self._lambda.get_paginator("list_versions_by_function").paginate(FunctionName=self.function)
        versions = [each["Version"] for page in pages for each in page["Versions"] if each["Version"] != LATEST]
        serving = self.version()
        for version in sorted(versions, key=int)[:-KEPT]:
            if version != serving:
                self._lambda.delete_function(FunctionName=self.function, Qualifier=version)
