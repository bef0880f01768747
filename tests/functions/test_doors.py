"""Events of every shape: requests are answered, files are read, and what is meant for somebody else is said to be."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.errors import InvalidInputError, StoreUnavailableError

Invoke = Callable[[str, Any], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}
JSON = {"content-type": "application/json"}


def of_http_api(body: str) -> dict[str, Any]:
    """HTTP API (payload 2.0), which is what a function URL sends too."""
    about = {"method": "POST", "path": "/predict", "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/predict",
        "rawQueryString": "",
        "headers": JSON,
        "requestContext": {"http": about, "requestId": "id", "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }


def of_load_balancer(body: str) -> dict[str, Any]:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:0:targetgroup/a/b"}},
        "httpMethod": "POST",
        "path": "/predict",
        "queryStringParameters": {},
        "headers": JSON,
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }


@pytest.mark.parametrize("shape", [of_http_api, of_load_balancer])
def test_requests_of_other_gateways_are_served(
    invoke: Invoke, champion: str, shape: Callable[[str], dict[str, Any]]
) -> None:
    answer = invoke("inference", shape(json.dumps(ROW)))

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["model_version"] == champion


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": ["[::1]:8080"]},
        {"Host": ["localhost:"]},
        {"Host": ["one", "two:x"]},
        {"X-Forwarded-Port": ["443, 80"]},
    ],
)
def test_what_callers_write_as_host_or_port_is_not_read(
    invoke: Invoke, sample: Sample, champion: str, headers: dict[str, list[str]]
) -> None:
    event = sample("inference", "http")
    event["multiValueHeaders"] |= headers
    event["headers"] |= {name: values[-1] for name, values in headers.items()}

    assert invoke("inference", event)["statusCode"] == 200


@pytest.mark.parametrize(
    "change",
    [
        {"body": "\ud800"},
        {"multiValueHeaders": {"X-Name": ["\ud800"]}},
        {"body": "no base64!", "isBase64Encoded": True},
        {"multiValueQueryStringParameters": {"a": ["\ud800"]}},
        {"requestContext": None, "headers": None, "body": 5},
    ],
)
def test_a_request_that_cannot_be_read_is_answered_400(
    invoke: Invoke, sample: Sample, champion: str, change: dict[str, Any]
) -> None:
    answer = invoke("inference", {**sample("inference", "http"), **change})

    assert answer["statusCode"] in (400, 422)
    assert json.loads(answer["body"])["status"] == answer["statusCode"]


@pytest.mark.parametrize("function", ["ingestion", "features", "training", "inference", "monitoring"])
@pytest.mark.parametrize("event", [None, [], 1, "text", {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}])
def test_an_event_of_somebody_else_is_named(invoke: Invoke, function: str, event: Any) -> None:
    with pytest.raises(InvalidInputError, match="aws:sqs" if isinstance(event, dict) else "not a JSON object"):
        invoke(function, event)


@pytest.mark.parametrize("key", ["raw/titanic (1).csv", "raw/liste é+%41.csv"])
def test_the_key_of_an_s3_notification_is_decoded_and_that_of_eventbridge_is_not(
    invoke: Invoke, objects: MemoryObjectStore, sample: Sample, passenger_list: bytes, key: str
) -> None:
    from urllib.parse import quote_plus

    objects.put("data", key, passenger_list, "text/csv")
    stored = {"bucket": {"name": "data"}, "object": {"key": quote_plus(key)}}
    notification = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": stored}]}
    created = sample("ingestion", "object_created")
    created["detail"] |= {"bucket": {"name": "data"}, "object": {"key": key}}

    assert invoke("ingestion", notification)["rows"] == invoke("ingestion", created)["rows"] == 891


def test_each_of_two_uploads_under_one_key_is_read(
    invoke: Invoke, objects: MemoryObjectStore, sample: Sample, passenger_list: bytes
) -> None:
    for body in (passenger_list, passenger_list[: passenger_list.index(b"\r\n100,") + 2]):
        objects.put("data", "raw/a.csv", body, "text/csv")
    (first, second), rows = [version for _, _, version in objects.versions], []
    for version in (first, second):
        created = sample("ingestion", "object_created")
        created["detail"] |= {"bucket": {"name": "data"}, "object": {"key": "raw/a.csv", "version-id": version}}
        stored = {"bucket": {"name": "data"}, "object": {"key": "raw/a.csv", "versionId": version}}
        notification = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": stored}]}
        plain = {"bucket": "data", "key": "raw/a.csv", "version": version}
        rows += [invoke("ingestion", event)["rows"] for event in (created, notification, plain)]

    assert rows == [891] * 3 + [99] * 3
    with pytest.raises(InvalidInputError, match="of version none: upload it"):
        invoke("ingestion", {**plain, "version": "none"})


def test_head_is_answered_as_get_is_without_the_body(invoke: Invoke, sample: Sample, champion: str) -> None:
    event = {**sample("inference", "http"), "httpMethod": "HEAD", "path": "/health", "body": None}
    event["requestContext"] |= {"path": "/live/health", "httpMethod": "HEAD"}
    answer = invoke("inference", event)

    assert (answer["statusCode"], answer["body"]) == (200, "")


def test_no_answer_tells_where_a_store_is(http: Http, champion: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailableError('PostgreSQL: connection to server at "10.0.0.7", port 5432 failed')

    monkeypatch.setattr("mlops.stores.postgres.retrainings.PostgresRetrainings.recent", away)
    status, problem = http("GET", "/retraining")

    assert status == 503
    assert "10.0.0.7" not in json.dumps(problem)
