"""The one module here that knows the product: its parameters, smoke test, addresses, site and summary.

What depends on the use case comes from its name (`use_case.UseCase`) and from `GET /schema` of the deployed API.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import md5
from importlib.util import find_spec
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embedded_cloud.aws import REGION
from embedded_cloud.cloud import python_runtime
from embedded_cloud.errors import CloudError
from embedded_cloud.stack import Stack, describe
from mlops_cloud.clients import Clients
from mlops_cloud.database_roles import role_urls
from mlops_cloud.platform import Platform
from mlops_cloud.use_case import DEFAULT_USE_CASE, UseCase

TRIGGERS = ("PipelineUpload", "PipelineRetraining")
MIGRATION = {"migrate": True}
DAGS, AIRFLOW_LAUNCHER = Path("dags"), Path("infra/airflow/standalone.py")
# Swagger UI for the API's /docs: these files of the package, and nothing else of it.
SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE")
SAMPLE_ROWS = 1000  # as many as one batch request takes


def parameters(cloud: Platform) -> Mapping[str, str]:
    """The template's parameters on this cloud; also stores the admin key in the secret that one of them names."""
    use_case = cloud.use_case
    return {
        "Runtime": python_runtime(),
        "UseCase": use_case.name,
        "DatabaseUrl": cloud.database_url,
        **role_urls(cloud.database_url),
        "RedisUrl": cloud.redis_url,
        "DataBucketName": use_case.data_bucket,
        "ModelsBucketName": use_case.models_bucket,
        "WebBucketName": use_case.web_bucket,
        "S3EndpointUrl": cloud.aws.store.endpoint_url if cloud.aws.store else "",
        "SiteUrls": ",".join(cloud.site_urls(use_case.web_bucket)),
        "AdminKeySecretArn": keep_admin_key(cloud),
        "UploadTrigger": "DISABLED",  # until the stack serves
        "Schedules": os.environ.get("SCHEDULES", "ENABLED"),
        "Retraining": os.environ.get("RETRAINING", "ON"),
        "Demo": os.environ.get("DEMO", "ENABLED"),
        "SearchCandidates": os.environ.get("SEARCH_CANDIDATES", ""),
    }


def keep_admin_key(cloud: Platform) -> str:
    """The ARN of the secret that holds this cloud's admin key; LocalStack forgets both whenever it stops."""
    secrets = cloud.aws.client("secretsmanager")
    name, key = cloud.use_case.admin_key_secret, cloud.admin_api_key
    try:
        arn: str = secrets.put_secret_value(SecretId=name, SecretString=key)["ARN"]
    except secrets.exceptions.ResourceNotFoundException:
        arn = secrets.create_secret(Name=name, SecretString=key)["ARN"]
    return arn


def create_buckets(cloud: Platform) -> None:
    """Create the buckets, which outlive every stack; the data bucket keeps versions, which its events name.

    MinIO sends no EventBridge events and checks credentials: there, the site's bucket is made readable by everyone.
    """
    s3, use_case = cloud.aws.buckets, cloud.use_case
    for bucket in use_case.buckets:
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=use_case.data_bucket, VersioningConfiguration={"Status": "Enabled"})
    if cloud.aws.store:
        site = f"arn:aws:s3:::{use_case.web_bucket}/*"
        everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": site}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everyone]})
        s3.put_bucket_policy(Bucket=use_case.web_bucket, Policy=policy)
    else:
        s3.put_bucket_notification_configuration(
            Bucket=use_case.data_bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def outputs(cloud: Platform, stack: Stack) -> dict[str, Any]:
    """The addresses and names that other programs rely on, as seen from this machine."""
    use_case = cloud.use_case
    return {
        "use_case": use_case.name,
        **cloud.addresses(_api_path(stack), use_case.web_bucket),
        "region": REGION,
        "stack_name": stack.name,
        "pipeline_arn": stack.outputs["PipelineArn"],
        "data_bucket": use_case.data_bucket,
        "models_bucket": use_case.models_bucket,
        "web_bucket": use_case.web_bucket,
        "admin_api_key": cloud.admin_api_key,
        "functions": dict(stack.functions),
    }


def api_url(cloud: Platform, stack: Stack) -> str:
    """Where this process reaches a stack's API, whether it serves already or not."""
    return cloud.aws.endpoint_url + _api_path(stack)


def _api_path(stack: Stack) -> str:
    return f"/_aws/execute-api/{stack.outputs['ApiId']}/live"


def environment(addresses: Mapping[str, Any]) -> Mapping[str, str]:
    """What the template sets on the inference function, for a server outside of Lambda."""
    endpoint, use_case = addresses["endpoint_url"], UseCase(addresses["use_case"])
    return {
        "USE_CASE": use_case.name,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": addresses.get("s3_endpoint_url", endpoint),
        "AWS_ACCESS_KEY_ID": addresses.get("s3_access_key_id", "test"),
        "AWS_SECRET_ACCESS_KEY": addresses.get("s3_secret_access_key", "test"),
        "AWS_DEFAULT_REGION": addresses["region"],
        "DATA_BUCKET": addresses["data_bucket"],
        "MODELS_BUCKET": addresses["models_bucket"],
        "DATABASE_URL": role_urls(addresses["database_url"])["InferenceDatabaseUrl"],
        "REDIS_URL": addresses["redis_url"],
        "ADMIN_KEY_SECRET": use_case.admin_key_secret,
        "PIPELINE_ARN": addresses["pipeline_arn"],
        "DEMO": "ENABLED",
        "SITE_URLS": addresses["web_url"].removesuffix("index.html").rstrip("/"),
    }


def migrate(clients: Clients, function: str) -> None:
    """Have an ingestion function bring the database's schema up to date; CloudError if it cannot."""
    answer = clients.client("lambda").invoke(FunctionName=function, Payload=json.dumps(MIGRATION))
    content = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        raise CloudError(
            f"The database's schema cannot be brought up to date: {content}",
            "Fix the migration; what served before still serves",
        )


def prove(cloud: Platform, stack: Stack) -> None:
    """Raise CloudError unless a new stack answers, and predicts if there is a champion to predict with."""
    api = api_url(cloud, stack)
    try:
        health, row = call(f"{api}/health"), example(api)
        if health["model_version"] and row:
            call(f"{api}/predict", row)
    except (OSError, KeyError, ValueError) as failure:
        answer = failure.read().decode(errors="replace") if isinstance(failure, urllib.error.HTTPError) else ""
        raise CloudError(
            f"The new stack does not answer as it should: {failure} {answer}".rstrip(),
            "Fix the inference function; what served before still serves. Its log: make logs F=InferenceFunction",
        ) from failure


def example(api: str) -> Mapping[str, Any] | None:
    """The first example row of the API's schema, a request body for /predict."""
    examples = call(f"{api}/schema")["examples"]
    return examples[0]["row"] if examples else None


def _swagger() -> Path:
    """Swagger UI's files; the package that has them is not imported, for it would import Flask into every command."""
    spec = find_spec("flask_swagger_ui")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "dist"


def publish(cloud: Platform, checkout: Path, stack: Stack) -> None:
    """Make a stack's addresses the ones that `outputs` prints and the site calls."""
    s3, bucket, addresses = cloud.aws.buckets, cloud.use_case.web_bucket, outputs(cloud, stack)
    contents = pages(checkout / "web", addresses["api_url"], cloud.use_case)
    if not cloud.aws.store:
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    upload(s3, bucket, contents)
    tell_airflow(cloud, stack)
    _write_scrape_target(cloud, addresses["api_url"])
    cloud.state.write("outputs", addresses)


def upload(s3: Any, bucket: str, contents: Mapping[str, bytes]) -> int:
    """Make a bucket hold these files and no others; returns the number of files that were written."""
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    there = {each["Key"]: each["ETag"] for page in listed for each in page.get("Contents", [])}
    etags = {key: f'"{md5(body, usedforsecurity=False).hexdigest()}"' for key, body in contents.items()}
    changed = [key for key, etag in etags.items() if there.get(key) != etag]
    for key in changed:
        about = {"ContentType": guess_type(key)[0] or "application/octet-stream", "CacheControl": "no-cache"}
        s3.put_object(Bucket=bucket, Key=key, Body=contents[key], **about)  # browsers ask each time, and are told 304
    for stale in there.keys() - contents.keys():
        s3.delete_object(Bucket=bucket, Key=stale)
    return len(changed)


def pages(site: Path, api_url: str, use_case: UseCase = DEFAULT_USE_CASE) -> dict[str, bytes]:
    """The site's files by name, as they are served: told where the API is, and allowed to call it and no other."""
    contents = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    contents |= {f"swagger/{name}": (_swagger() / name).read_bytes() for name in SWAGGER_FILES}
    contents["sample.csv"] = b"".join(first_rows(site.parent / use_case.table, SAMPLE_ROWS))
    contents["config.js"] = f"window.MLOPS = {json.dumps({'apiUrl': api_url})};\n".encode()
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(api_url))
    return {
        name: body.replace(b"connect-src 'self'", f"connect-src 'self' {origin}".encode())
        if name.endswith(".html")
        else body
        for name, body in contents.items()
    }


def first_rows(table: Path, count: int) -> Iterator[bytes]:
    """The lines of a CSV's header and its first rows; a quoted cell may go over several lines."""
    rows, quotes = -1, 0
    with table.open("rb") as lines:
        for line in lines:
            yield line
            quotes += line.count(b'"')
            rows += quotes % 2 == 0
            if rows == count:
                return


def tell_airflow(cloud: Platform, stack: Stack) -> None:
    """What the DAGs know of the stack, replaced in one write. On AWS the template writes the same but the example."""
    addresses = outputs(cloud, stack)
    known = {name: addresses[name] for name in ("functions", "pipeline_arn", "data_bucket")}
    told = describe(cloud.aws, stack.name).outputs
    known |= {"batch_scoring_arn": told.get("BatchScoringArn", ""), "topic_arn": told.get("NotificationsTopic", "")}
    known["example"] = example(api_url(cloud, stack))
    variable = cloud.use_case.airflow_variable
    cloud.aws.client("ssm").put_parameter(Name=variable, Value=json.dumps(known), Type="String", Overwrite=True)


def _write_scrape_target(cloud: Platform, api_url: str) -> None:
    """Where Prometheus finds /metrics now; it looks into the folder by itself (infra/prometheus)."""
    name, parts = cloud.use_case.name, urlsplit(api_url)
    labels = {"__scheme__": parts.scheme, "__metrics_path__": f"{parts.path}/metrics", "use_case": name}
    file = cloud.state.root / "prometheus" / "targets" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([{"targets": [parts.netloc], "labels": labels}]))
    partial.replace(file)


def in_words(run: Mapping[str, Any]) -> list[str]:
    """What a pipeline run found in its file, and whether it made a champion."""
    dataset, quality = run["dataset"], run["dataset"]["quality"]
    gaps = ", ".join(f"{share:.0%} of {column}" for column, share in quality["not_recorded"].items()) or "nothing"
    rows = f"{dataset['rows']} rows, {dataset['rejected']} rejected, {gaps} not recorded"
    return [
        f"Dataset {dataset['dataset_version']}: {rows}",
        *quality["notable"],
        run["promotion"]["reason"],
    ]


def champion(cloud: Platform, stack: Stack) -> Mapping[str, Any] | None:
    """The serving model's card; None where no model serves."""
    try:
        card: Mapping[str, Any] = call(f"{api_url(cloud, stack)}/model")
        return card
    except urllib.error.HTTPError as refused:
        if refused.code in (404, 503):
            return None
        raise


def appointed(cloud: Platform) -> str | None:
    """The version that the registry's champion pointer names, whether this code can serve it or not."""
    s3 = cloud.aws.buckets
    try:
        pointer = s3.get_object(Bucket=cloud.use_case.models_bucket, Key="champion.json")["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    version: str = json.loads(pointer)["version"]
    return version


def call(url: str, body: Any = None) -> Any:
    """One JSON request to the API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)
