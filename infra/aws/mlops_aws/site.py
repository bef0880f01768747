"""The site's files in their bucket, told where the API of this deployment is."""

from hashlib import md5
from mimetypes import guess_type
from pathlib import Path

from mlops_aws.account import Account
from mlops_aws.stacks import Stack
from mlops_cloud import project
from mlops_cloud.use_case import UseCase


def publish(account: Account, stack: Stack, checkout: Path, use_case: UseCase) -> int:
    """Upload what has changed and delete what is stale; returns the number of files that were written."""
    s3, bucket = account.buckets, stack.outputs["WebBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    there = {each["Key"]: each["ETag"] for page in pages for each in page.get("Contents", [])}
    contents, written = project.pages(checkout / "web", stack.outputs["ApiUrl"], use_case), 0
    for key, body in contents.items():
        if there.get(key) == f'"{md5(body, usedforsecurity=False).hexdigest()}"':
            continue
        kind = guess_type(key)[0] or "application/octet-stream"
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, CacheControl="no-cache")
        written += 1
    for stale in there.keys() - contents.keys():
        s3.delete_object(Bucket=bucket, Key=stale)
    return written
