"""The one module here that knows the product: its buckets, parameters, smoke test, first data and summary."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embedded_cloud.aws import REGION, Aws
from embedded_cloud.build import runtime
from embedded_cloud.errors import CloudError
from embedded_cloud.platform import Platform
from embedded_cloud.stack import Stack, describe

NAME = "titanic"
TRIGGERS = ("PipelineUpload", "PipelineRetraining")
DATA, MODELS, WEB = BUCKETS = ("titanic-data", "titanic-models", "titanic-web")
ADMIN_KEY = "titanic/admin-api-key"
PASSENGER_LIST = Path("data/titanic.csv")
DAGS, AIRFLOW_LAUNCHER = Path("dags"), Path("infra/airflow/standalone.py")
AIRFLOW_DAG = "titanic_pipeline"
AIRFLOW_VARIABLE = "/airflow/variables/titanic"  # an SSM parameter, where Airflow's secrets backend looks by default
# Swagger UI for the API's /docs: these files of the package, and nothing else of it.
SWAGGER = files("flask_swagger_ui") / "dist"
SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE")
SAMPLE = {
    "Pclass": 1,
    "Name": "Cumings, Mrs. John Bradley (Florence Briggs Thayer)",
    "Sex": "female",
    "Age": 38,
    "SibSp": 1,
    "Parch": 0,
    "Ticket": "PC 17599",
    "Fare": 71.2833,
    "Cabin": "C85",
    "Embarked": "C",
}


def parameters(cloud: Platform) -> Mapping[str, str]:
    """The template's parameters on this cloud, where the secret that one of them names is kept by the way."""
    return {
        "Runtime": runtime(),
        "DatabaseUrl": cloud.database_url,
        "RedisUrl": cloud.redis_url,
        "DataBucketName": DATA,
        "ModelsBucketName": MODELS,
        "WebBucketName": WEB,
        "S3EndpointUrl": cloud.aws.store.endpoint_url if cloud.aws.store else "",
        "SiteUrls": ",".join(cloud.site_urls(WEB)),
        "AdminKeySecretArn": keep_admin_key(cloud),
        "UploadTrigger": "DISABLED",  # until the stack serves
        "Schedules": os.environ.get("SCHEDULES", "ENABLED"),
        "Retraining": os.environ.get("RETRAINING", "ON"),
    }


def keep_admin_key(cloud: Platform) -> str:
    """The ARN of the secret that holds this cloud's admin key; LocalStack forgets both whenever it stops."""
    secrets = cloud.aws.client("secretsmanager")
    key = cloud.admin_api_key
    try:
        arn: str = secrets.put_secret_value(SecretId=ADMIN_KEY, SecretString=key)["ARN"]
    except secrets.exceptions.ResourceNotFoundException:
        arn = secrets.create_secret(Name=ADMIN_KEY, SecretString=key)["ARN"]
    return arn


def create_buckets(cloud: Platform) -> None:
    """The buckets outlive every stack; the data bucket tells EventBridge of its uploads.

    An S3 of its own has no EventBridge, and asks who comes: there, the site is for everyone to read.
    """
    s3 = cloud.aws.buckets
    for bucket in BUCKETS:
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket)
    if cloud.aws.store:
        everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{WEB}/*"}
        s3.put_bucket_policy(Bucket=WEB, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everyone]}))
    else:
        events: dict[str, Any] = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(Bucket=DATA, NotificationConfiguration=events)


def outputs(cloud: Platform, stack: Stack) -> dict[str, Any]:
    """The addresses and names that other programs rely on, as seen from this machine."""
    return {
        **cloud.addresses(_api_path(stack), WEB),
        "region": REGION,
        "stack_name": stack.name,
        "pipeline_arn": stack.outputs["PipelineArn"],
        "data_bucket": DATA,
        "models_bucket": MODELS,
        "web_bucket": WEB,
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
    endpoint = addresses["endpoint_url"]
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": addresses.get("s3_endpoint_url", endpoint),
        "AWS_ACCESS_KEY_ID": addresses.get("s3_access_key_id", "test"),
        "AWS_SECRET_ACCESS_KEY": addresses.get("s3_secret_access_key", "test"),
        "AWS_DEFAULT_REGION": addresses["region"],
        "MODELS_BUCKET": addresses["models_bucket"],
        "DATABASE_URL": addresses["database_url"],
        "REDIS_URL": addresses["redis_url"],
        "ADMIN_KEY_SECRET": ADMIN_KEY,
        "SITE_URLS": addresses["web_url"].removesuffix("index.html").rstrip("/"),
    }


def prove(cloud: Platform, stack: Stack) -> None:
    """Raise CloudError unless a new stack answers, and predicts if there is a champion to predict with."""
    api = api_url(cloud, stack)
    try:
        health = call(f"{api}/health")
        if health["model_version"]:
            call(f"{api}/predict", SAMPLE)
    except (OSError, KeyError, ValueError) as failure:
        answer = failure.read().decode(errors="replace") if isinstance(failure, urllib.error.HTTPError) else ""
        raise CloudError(
            f"The new stack does not answer as it should: {failure} {answer}".rstrip(),
            "Mend the inference function; what served before still serves. Its log: make logs F=InferenceFunction",
        ) from failure


def publish(cloud: Platform, site: Path, addresses: Mapping[str, Any]) -> None:
    """Make a stack's addresses the ones that `outputs` prints and the site calls."""
    s3 = cloud.aws.buckets
    contents = pages(site, addresses["api_url"])
    if not cloud.aws.store:
        s3.put_bucket_website(Bucket=WEB, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    for key, body in contents.items():
        kind = guess_type(key)[0] or "application/octet-stream"
        s3.put_object(Bucket=WEB, Key=key, Body=body, ContentType=kind, CacheControl="no-cache")  # asked for, then 304
    for stale in {each["Key"] for each in s3.list_objects_v2(Bucket=WEB).get("Contents", [])} - contents.keys():
        s3.delete_object(Bucket=WEB, Key=stale)
    tell_airflow(cloud.aws, addresses)
    _write_scrape_target(cloud.state.root / "prometheus" / "targets" / f"{NAME}.json", addresses["api_url"])
    cloud.state.write("outputs", dict(addresses))


def pages(site: Path, api_url: str) -> dict[str, bytes]:
    """The site's files by name, as they are served: told where the API is, and allowed to call it and no other."""
    contents = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    contents |= {f"swagger/{name}": (SWAGGER / name).read_bytes() for name in SWAGGER_FILES}
    contents["titanic.csv"] = PASSENGER_LIST.read_bytes()
    contents["config.js"] = f"window.TITANIC = {json.dumps({'apiUrl': api_url})};\n".encode()
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(api_url))
    return {
        name: body.replace(b"connect-src 'self'", f"connect-src 'self' {origin}".encode())
        if name.endswith(".html")
        else body
        for name, body in contents.items()
    }


def tell_airflow(aws: Aws, addresses: Mapping[str, Any]) -> None:
    """What the DAGs know of the stack, replaced in one write. On AWS the template writes the same."""
    known = {name: addresses[name] for name in ("functions", "pipeline_arn", "data_bucket")}
    known["topic_arn"] = describe(aws, addresses["stack_name"]).outputs.get("NotificationsTopic", "")
    aws.client("ssm").put_parameter(Name=AIRFLOW_VARIABLE, Value=json.dumps(known), Type="String", Overwrite=True)


def _write_scrape_target(file: Path, api_url: str) -> None:
    """Where Prometheus finds /metrics now; it looks into the folder by itself (infra/prometheus)."""
    parts = urlsplit(api_url)
    labels = {"__scheme__": parts.scheme, "__metrics_path__": f"{parts.path}/metrics"}
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([{"targets": [parts.netloc], "labels": labels}]))
    partial.replace(file)


def in_words(run: Mapping[str, Any]) -> list[str]:
    """What a pipeline run made of its file."""
    dataset, quality = run["dataset"], run["dataset"]["quality"]
    gaps = ", ".join(f"{share:.0%} of {column}" for column, share in quality["not_recorded"].items()) or "nothing"
    rows = f"{dataset['rows']} rows, {dataset['rejected']} rejected, {gaps} not recorded"
    return [
        f"Dataset {dataset['dataset_version']}: {rows}",
        *quality["notable"],
        run["promotion"]["reason"],
    ]


def champion(cloud: Platform, stack: Stack) -> Mapping[str, Any] | None:
    """The serving model's card; None before the first pipeline run."""
    try:
        card: Mapping[str, Any] = call(f"{api_url(cloud, stack)}/model")
        return card
    except urllib.error.HTTPError as refused:
        if refused.code in (404, 503):
            return None
        raise


def call(url: str, body: Any = None) -> Any:
    """One JSON request to the API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)
