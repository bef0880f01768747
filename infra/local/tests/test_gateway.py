"""The gateway's own errors on LocalStack: what an OpenAPI document says of them holds, as on AWS."""

import json
import urllib.error
import urllib.request

import pytest
from running import Localstack

HEADERS = {"Access-Control-Allow-Origin": "'*'", "X-Request-Id": "context.requestId", "Content-Type": "'a/problem'"}
RESPONSES = {
    "REQUEST_TOO_LARGE": {"statusCode": 413, "responseTemplates": {"application/json": '{"title": "Too large"}'}},
    "DEFAULT_4XX": {
        "responseTemplates": {
            "application/json": '{"title": "$context.error.responseType", "detail": $context.error.messageString}'
        }
    },
}


@pytest.fixture
def api(cloud, client, function):
    """The address of an API with one route, to a function that answers how long the body was."""
    answers = function("def handler(event, _): return {'statusCode': 200, 'body': str(len(event['body']))}")
    arn = client("lambda").get_function(FunctionName=answers.name)["Configuration"]["FunctionArn"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    route = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}}
    parameters = {f"gatewayresponse.header.{name}": value for name, value in HEADERS.items()}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "errors", "version": "1"},
        "paths": {"/there": {"post": route}},
        "x-amazon-apigateway-gateway-responses": {
            name: {**response, "responseParameters": parameters} for name, response in RESPONSES.items()
        },
    }
    gateway = client("apigateway")
    made = gateway.import_rest_api(body=json.dumps(document))["id"]
    gateway.create_deployment(restApiId=made, stageName="live")
    yield f"{cloud.url}/_aws/execute-api/{made}/live"
    gateway.delete_rest_api(restApiId=made)


def ask(url: str, body: bytes, kind: str = "application/json"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": kind}), timeout=60) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.load(refused)


def test_a_body_over_the_limit_of_lambda_is_413(api):
    status, headers, problem = ask(f"{api}/there", b"x" * 6 * 2**20)

    assert (status, problem) == (413, {"title": "Too large"})
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Content-Type"] == "a/problem"
    assert headers["X-Request-Id"] == headers["x-amzn-RequestId"]
    assert ask(f"{api}/there", b"x" * 5 * 2**20)[::2] == (200, 5 * 2**20)


def test_a_form_may_be_as_long_as_any_body(api):
    assert ask(f"{api}/there", b"x" * 2**20, "application/x-www-form-urlencoded")[0] == 200


MULTIPART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b'{"of": "tea", "b": 1}', "application/x-www-form-urlencoded"), (MULTIPART, "multipart/form-data; boundary=x")],
)
def test_a_form_arrives_as_it_was_sent(api, body, kind):
    assert ask(f"{api}/there", body, kind)[::2] == (200, len(body))


def test_before_the_first_api_exists_there_is_no_answer(tmp_path):
    fresh = Localstack(tmp_path)
    try:
        fresh.start()
        status, headers, _ = ask(f"{fresh.url}/_aws/execute-api/forgotten/live/health", b"{}")
        assert (status, headers["Retry-After"]) == (503, "1")
    finally:
        fresh.kill()


def test_another_error_has_the_template_of_its_class(api):
    status, headers, problem = ask(f"{api}/nowhere", b"x")

    assert (status, problem["title"]) == (403, "MISSING_AUTHENTICATION_TOKEN")
    assert problem["detail"]
    assert headers["Access-Control-Allow-Origin"] == "*"
