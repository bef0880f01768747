"""A function on the process executor: started cold again and again, and put behind API Gateway."""

import http.client
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from bench.executor import CREDENTIALS, ROLE, RUNTIME, wait

ARTIFACTS = "bench-artifacts"


def milliseconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


class Function:
    """One side on the process executor; a changed environment variable makes the next invocation cold."""

    def __init__(self, endpoint: str, name: str, folder: Path, settings: dict[str, str], event: Any) -> None:
        client: Any = lambda service: boto3.client(service, endpoint_url=endpoint, **CREDENTIALS)  # noqa: E731
        self._lambda, self._gateway, s3 = client("lambda"), client("apigateway"), client("s3")
        self._name, self._settings, self._event = name, settings, event
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
        s3.create_bucket(Bucket=ARTIFACTS)
        self._payload = json.dumps(event)
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w") as archive:
                for path in folder.rglob("*"):
                    archive.write(path, path.relative_to(folder))
            file.seek(0)
            s3.upload_fileobj(file, ARTIFACTS, name)
        self._lambda.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Handler="handler.handler",
            Role=ROLE,
            Timeout=60,
            MemorySize=1024,
            Code={"S3Bucket": ARTIFACTS, "S3Key": name},
        )
        wait(lambda: self._configuration()["State"] == "Active")

    def cold(self, number: int) -> float:
        """An invocation that starts an execution environment, from call to answer in milliseconds."""
        self.configure(NUMBER=str(number))
        return milliseconds(self._invoke)

    def configure(self, **more: str) -> None:
        """Give it its settings, and more: whatever environments it has end."""
        variables = {**self._settings, **more}
        self._lambda.update_function_configuration(FunctionName=self._name, Environment={"Variables": variables})
        wait(lambda: self._configuration()["LastUpdateStatus"] == "Successful")

    def request(self) -> float:
        """Through API Gateway, over a kept connection, in milliseconds."""
        return milliseconds(self._request)

    def publish(self) -> None:
        """Put it behind a REST API."""
        api = self._gateway.create_rest_api(name=self._name)["id"]
        root = self._gateway.get_resources(restApiId=api)["items"][0]["id"]
        resource = self._gateway.create_resource(restApiId=api, parentId=root, pathPart="predict")["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
        self._gateway.put_method(**method, authorizationType="NONE")
        arn = self._configuration()["FunctionArn"]
        self._gateway.put_integration(
            **method,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
        )
        self._gateway.create_deployment(restApiId=api, stageName="live")
        self._path = f"/_aws/execute-api/{api}/live/predict"

    def _request(self) -> None:
        self._connection.request("POST", self._path, self._event["body"], {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        response.read()
        assert response.status == 200, response.status

    def _invoke(self) -> None:
        answer = json.load(self._lambda.invoke(FunctionName=self._name, Payload=self._payload)["Payload"])
        assert answer.get("statusCode") == 200, answer

    def _configuration(self) -> Any:
        return self._lambda.get_function_configuration(FunctionName=self._name)
