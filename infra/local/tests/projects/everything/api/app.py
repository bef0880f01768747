"""Orders by way of an API: kept in a table, worked on by way of a queue."""

import json
import os
import uuid

import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])
QUEUE = boto3.client("sqs")


def handler(event, context):
    """One request of API Gateway, or of the function's URL."""
    if event.get("version") == "2.0" and event["routeKey"] != "$default":
        return {"statusCode": 200, "body": json.dumps(event), "cookies": ["a=1", "b=2"]}
    if event.get("version") == "2.0":
        return {"greeting": os.environ["GREETING"], "database": os.environ["DATABASE_URL"].partition(":")[0]}
    if event["httpMethod"] == "POST":
        order = {"id": str(uuid.uuid4()), "of": json.loads(event["body"])["of"], "state": "new"}
        TABLE.put_item(Item=order)
        QUEUE.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=order["id"])
        return {"statusCode": 201, "body": json.dumps(order)}
    order = TABLE.get_item(Key={"id": event["pathParameters"]["id"]}).get("Item")
    return {"statusCode": 200 if order else 404, "body": json.dumps(order)}
