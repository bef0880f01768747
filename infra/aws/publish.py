"""The site of a deployed application into its bucket, and a first passenger list: `publish.py STACK`."""

import sys
from mimetypes import guess_type
from pathlib import Path

import boto3
from outputs import outputs

from embedded_cloud import project


def publish(stack: str) -> None:
    """The same files as on every cloud, told where this API is."""
    known, s3 = outputs(stack), boto3.client("s3")
    for key, body in project.pages(Path("web"), known["ApiUrl"]).items():
        kind = guess_type(key)[0] or "application/octet-stream"
        s3.put_object(Bucket=known["WebBucket"], Key=key, Body=body, ContentType=kind, CacheControl="no-cache")
    if not s3.list_objects_v2(Bucket=known["DataBucket"], Prefix="raw/", MaxKeys=1).get("KeyCount"):
        s3.upload_file(str(project.PASSENGER_LIST), known["DataBucket"], f"raw/{project.PASSENGER_LIST.name}")
    sys.stdout.write(f"API   {known['ApiUrl']}\nsite  {outputs(f'{stack}-data')['SiteUrls']}\n")


if __name__ == "__main__":
    publish(sys.argv[1])
