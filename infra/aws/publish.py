"""The site of a deployed application into its bucket, and a first CSV: `publish.py STACK USE_CASE`."""

import sys
from mimetypes import guess_type
from pathlib import Path

import boto3
from outputs import outputs

from mlops_cloud import project
from mlops_cloud.use_case import UseCase


def publish(stack: str, use_case: UseCase) -> None:
    """The same files as on every cloud, told where this API is."""
    known, s3 = outputs(stack), boto3.client("s3")
    for key, body in project.pages(Path("web"), known["ApiUrl"], use_case).items():
        kind = guess_type(key)[0] or "application/octet-stream"
        s3.put_object(Bucket=known["WebBucket"], Key=key, Body=body, ContentType=kind, CacheControl="no-cache")
    if not s3.list_objects_v2(Bucket=known["DataBucket"], Prefix="raw/", MaxKeys=1).get("KeyCount"):
        s3.upload_file(str(use_case.table), known["DataBucket"], f"raw/{use_case.table.name}")
    sys.stdout.write(f"API   {known['ApiUrl']}\nsite  {outputs(f'{stack}-data')['SiteUrls']}\n")


if __name__ == "__main__":
    publish(sys.argv[1], UseCase(sys.argv[2]))
