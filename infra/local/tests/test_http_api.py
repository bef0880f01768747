"""HTTP APIs of plain CloudFormation, without SAM: routes and integrations as resources, and what is refused."""

import json
import urllib.error
import urllib.request
import uuid

import pytest

from embedded_cloud import stack
from embedded_cloud.aws import Aws
from embedded_cloud.errors import CloudError


def template(function: str, **changes):
    """An API with the routes that follow; `changes` are properties by logical name."""
    integration = {"ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": function}
    target = {"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]}
    routes = {"One": "GET /things/{id}", "All": "ANY /files/{path+}", "Rest": "$default"}
    resources = {
        "Api": ("Api", {"Name": "things", "ProtocolType": "HTTP"}),
        "Integration": ("Integration", {**integration, "PayloadFormatVersion": "2.0"}),
        "Stage": ("Stage", {"ApiId": {"Ref": "Api"}, "StageName": "test", "AutoDeploy": True}),
        **({"Link": ("VpcLink", {})} if "Link" in changes else {}),
        **{
            name: ("Route", {"ApiId": {"Ref": "Api"}, "RouteKey": key, "Target": target})
            for name, key in routes.items()
        },
    }
    return {
        "Resources": {
            name: {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {**properties, **changes.get(name, {})}}
            for name, (kind, properties) in resources.items()
        },
        "Outputs": {"Api": {"Value": {"Ref": "Api"}}},
    }


@pytest.fixture
def create(cloud, client, function):
    """Creates the stack of a template's changes; gives the API's address."""
    aws, made = Aws(cloud.url), []
    name = function("def handler(event, _): return {'key': event['routeKey'], 'in': event.get('pathParameters')}").name
    arn = client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    aws.client("s3").create_bucket(Bucket="templates")

    def create(**changes):
        key = f"{uuid.uuid4()}.json"
        aws.client("s3").put_object(Bucket="templates", Key=key, Body=json.dumps(template(arn, **changes)))
        made.append(f"things-{len(made)}-{uuid.uuid4().hex[:6]}")
        its = stack.create(aws, made[-1], f"{cloud.url}/templates/{key}", {}, "Mend it")
        return f"{cloud.url}/_aws/http-api/{its.outputs['Api']}"

    yield create
    for each in made:
        stack.delete(aws, each)


def ask(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
        return json.load(answer)


def test_the_most_specific_route_takes_a_request(create):
    api = create()
    assert ask(f"{api}/test/things/7") == {"key": "GET /things/{id}", "in": {"id": "7"}}
    assert ask(f"{api}/test/files/a/b%20c", "DELETE") == {"key": "ANY /files/{path+}", "in": {"path": "a/b c"}}
    assert ask(f"{api}/test/things/7", "PUT") == {"key": "$default", "in": None}
    assert ask(f"{api}/test/") == {"key": "$default", "in": None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Api": {"ProtocolType": "WEBSOCKET"}}, "WEBSOCKET is not served here"),
        ({"Integration": {"PayloadFormatVersion": "1.0"}}, r"1\.0 is not given here"),
        ({"Integration": {"IntegrationUri": "https://example.com"}}, "leads to https://example.com"),
        ({"One": {"AuthorizationType": "JWT"}}, r"Route GET /things/\{id\} has an authorizer"),
    ],
)
def test_what_is_not_served_is_refused_in_words(create, changes, words):
    with pytest.raises(CloudError, match=words):
        create(**changes)


def test_a_resource_type_that_is_not_there_is_refused_by_name(create):
    with pytest.raises(CloudError, match="AWS::ApiGatewayV2::VpcLink"):
        create(Link={"Name": "link", "SubnetIds": []})


def test_an_api_that_has_gone_is_not_found(cloud):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(f"{cloud.url}/_aws/http-api/nobody/")
