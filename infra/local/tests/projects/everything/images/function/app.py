"""The size of each picture that is stored, told by the layer."""

import os
from urllib.parse import unquote_plus

import boto3
import sizes

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])
S3 = boto3.client("s3")


def handler(event, context):
    """Notifications of the bucket."""
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        body = S3.get_object(Bucket=record["s3"]["bucket"]["name"], Key=key)["Body"].read()
        TABLE.put_item(Item={"id": key, "state": sizes.told(body)})
