"""DynamoDB's tables, as far as functions and stacks of this machine use them."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

KEYS = {
    "KeySchema": [{"AttributeName": "ship", "KeyType": "HASH"}, {"AttributeName": "deck", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "ship", "AttributeType": "S"},
        {"AttributeName": "deck", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def table(client):
    name = f"boats-{uuid.uuid4().hex[:8]}"
    client("dynamodb").create_table(TableName=name, **KEYS)
    yield name
    client("dynamodb").delete_table(TableName=name)


def test_items_are_kept_found_and_guarded(client, table):
    tables = client("dynamodb")
    for deck in range(3):
        item = {"ship": {"S": "Titanic"}, "deck": {"N": str(deck)}, "boats": {"L": [{"N": "1"}]}}
        tables.put_item(TableName=table, Item=item)
    found = tables.query(
        TableName=table,
        KeyConditionExpression="ship = :ship AND deck > :deck",
        ExpressionAttributeValues={":ship": {"S": "Titanic"}, ":deck": {"N": "0"}},
        ScanIndexForward=False,
    )
    assert [item["deck"]["N"] for item in found["Items"]] == ["2", "1"]
    key = {"ship": {"S": "Titanic"}, "deck": {"N": "2"}}
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        tables.put_item(TableName=table, Item=key, ConditionExpression="attribute_not_exists(ship)")
    counted = {"TableName": table, "Key": key, "UpdateExpression": "ADD seen :one", "ReturnValues": "UPDATED_NEW"}
    tables.update_item(**counted, ExpressionAttributeValues={":one": {"N": "1"}})
    again = tables.update_item(**counted, ExpressionAttributeValues={":one": {"N": "1"}})
    assert again["Attributes"] == {"seen": {"N": "2"}}


def test_table_of_a_stack_is_there_for_a_function(client, function):
    name = f"boats-{uuid.uuid4().hex[:8]}"
    resource = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name, **KEYS}}
    formation = client("cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Boats": resource}}))
    try:
        formation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        deployed = function(
            """
            import boto3
            def handler(event, context):
                table = boto3.resource("dynamodb").Table(event)
                table.put_item(Item={"ship": "Titanic", "deck": 1})
                return table.scan()["Count"]
            """
        )
        assert deployed.invoke(name).payload == 1
    finally:
        formation.delete_stack(StackName=name)


def test_stream_is_refused_in_words(client):
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    with pytest.raises(ClientError, match="boats asks for a stream, and tables have none here"):
        client("dynamodb").create_table(TableName="boats", **KEYS, StreamSpecification=stream)
