"""The one module here that knows the product: its buckets, parameters, smoke test, first data and summary."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embedded_cloud.aws import REGION, Aws
from embedded_cloud.build import runtime
from embedded_cloud.cloud import Cloud
from embedded_cloud.errors import CloudError
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


def parameters(cloud: Cloud) -> Mapping[str, str]:
    """The template's parameters on this cloud, where the secret that one of them names is kept by the way."""
    return {
        "Runtime": runtime(),
        "DatabaseUrl": cloud.database_url,
        "RedisUrl": cloud.redis_url,
        "DataBucketName": DATA,
        "ModelsBucketName": MODELS,
        "WebBucketName": WEB,
        "SiteUrls": ",".join(_site_urls(cloud)),
        "AdminKeySecretArn": keep_admin_key(cloud),
        "UploadTrigger": "DISABLED",  # until the stack serves
        "Schedules": os.environ.get("SCHEDULES", "ENABLED"),
        "Retraining": os.environ.get("RETRAINING", "ON"),
    }


def keep_admin_key(cloud: Cloud) -> str:
    """The ARN of the secret that holds this cloud's admin key; LocalStack forgets both whenever it stops."""
    secrets = cloud.aws.client("secretsmanager")
    key = cloud.state.credentials().admin_api_key
    try:
        arn: str = secrets.put_secret_value(SecretId=ADMIN_KEY, SecretString=key)["ARN"]
    except secrets.exceptions.ResourceNotFoundException:
        arn = secrets.create_secret(Name=ADMIN_KEY, SecretString=key)["ARN"]
    return arn


def create_buckets(cloud: Cloud) -> None:
    """The buckets outlive every stack; the data bucket tells EventBridge of its uploads."""
    s3 = cloud.aws.client("s3")
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=DATA, NotificationConfiguration={"EventBridgeConfiguration": {}})


def outputs(cloud: Cloud, stack: Stack) -> dict[str, Any]:
    """The addresses and names that other programs rely on, as seen from this machine."""
    endpoint = cloud.aws.endpoint_url
    return {
        "api_url": f"{endpoint}/_aws/execute-api/{stack.outputs['ApiId']}/live",
        "web_url": f"{endpoint}/{WEB}/index.html",
        "endpoint_url": endpoint,
        "region": REGION,
        "stack_name": stack.name,
        "pipeline_arn": stack.outputs["PipelineArn"],
        "data_bucket": DATA,
        "models_bucket": MODELS,
        "web_bucket": WEB,
        "database_url": cloud.database_url,
        "redis_url": cloud.redis_url,
        "admin_api_key": cloud.state.credentials().admin_api_key,
        "functions": dict(stack.functions),
    }


def environment(addresses: Mapping[str, Any]) -> Mapping[str, str]:
    """What the template sets on the inference function, for a server outside of Lambda."""
    endpoint = addresses["endpoint_url"]
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": addresses["region"],
        "MODELS_BUCKET": addresses["models_bucket"],
        "DATABASE_URL": addresses["database_url"],
        "REDIS_URL": addresses["redis_url"],
        "ADMIN_KEY_SECRET": ADMIN_KEY,
        "SITE_URLS": f"{endpoint}/{addresses['web_bucket']}",
        "POWERTOOLS_SERVICE_NAME": NAME,
    }


def prove(cloud: Cloud, stack: Stack) -> None:
    """Raise CloudError unless a new stack answers, and predicts if there is a champion to predict with."""
    api = outputs(cloud, stack)["api_url"]
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


def publish(cloud: Cloud, site: Path, addresses: Mapping[str, Any]) -> None:
    """Make a stack's addresses the ones that `outputs` prints and the site calls."""
    s3 = cloud.aws.client("s3")
    contents = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    contents |= {f"swagger/{name}": (SWAGGER / name).read_bytes() for name in SWAGGER_FILES}
    contents["config.js"] = f"window.TITANIC = {json.dumps({'apiUrl': addresses['api_url']})};\n".encode()
    for key, body in contents.items():
        s3.put_object(Bucket=WEB, Key=key, Body=body, ContentType=guess_type(key)[0] or "application/octet-stream")
    tell_airflow(cloud.aws, addresses)
    _write_scrape_target(cloud.state.root / "prometheus" / "targets" / f"{NAME}.json", addresses["api_url"])
    cloud.state.write("outputs", dict(addresses))


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


def _site_urls(cloud: Cloud) -> list[str]:
    """Beside the API, and the second address that LocalStack answers a bucket's website under."""
    endpoint = cloud.aws.endpoint_url
    return [f"{endpoint}/{WEB}", f"http://{WEB}.s3-website.localhost:{cloud.ports.localstack}"]


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


def champion(addresses: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The serving model's card; None before the first pipeline run."""
    try:
        card: Mapping[str, Any] = call(f"{addresses['api_url']}/model")
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
