"""A deployment taken away again: by default everything but its data."""

from typing import Any

from embedded_cloud.progress import say, step
from mlops_aws import stacks
from mlops_aws.account import Account

BUCKET, SUBNET = "AWS::S3::Bucket", "AWS::EC2::Subnet"


def remove(account: Account, application: str, *, with_data: bool = False) -> None:
    """Delete both stacks. Buckets, final snapshots of the stores and their key are kept, unless `with_data`.

    CloudFormation keeps what holds data when a stack goes; `with_data` then empties and deletes the buckets itself.
    Snapshots and the key stay in either case: they are what a mistake is undone with.
    """
    buckets: list[str] = []
    for name in (application, f"{application}-data"):
        stacks.make_ready(account, name)
        stack = stacks.describe(account, name)
        if not stack:
            say(f"There is no stack {name}")
            continue
        buckets += stack.of_type(BUCKET)
        if subnets := stack.of_type(SUBNET):
            stacks.wait_for_network_interfaces(account, subnets)
        stacks.delete(account, name, f"Deleting {name}")
    for bucket in buckets:
        if with_data:
            with step(f"Deleting s3://{bucket} and every version in it"):
                _delete_bucket(account.buckets, bucket)
        else:
            say(f"Kept: s3://{bucket}")


def _delete_bucket(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    s3.delete_bucket(Bucket=bucket)
