"""Whatever comes, from wherever it comes, ends in the table."""

import os

import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    """Messages of the queue and the topic, an event of EventBridge, or a schedule's."""
    for record in event.get("Records", []):
        if "Sns" in record:
            TABLE.put_item(Item={"id": record["Sns"]["Message"], "state": "announced"})
        else:
            TABLE.update_item(
                Key={"id": record["body"]},
                UpdateExpression="SET #state = :done",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":done": "done"},
            )
    if event.get("source") == "till":
        TABLE.put_item(Item={"id": event["detail"]["id"], "state": "paid"})
    if event.get("source") == "aws.events":
        TABLE.put_item(Item={"id": "nightly", "state": "ran"})
