"""The environment, read here and nowhere else, when it is asked for and not at import.

Where the stores are is configuration alone: the same code runs on a laptop, in Compose and on AWS. boto3 reads
`AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_S3` by itself.
"""

import os
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.monitoring.retraining import Policy


class SettingMissingError(RuntimeError):
    """An environment variable that this function needs is not set."""


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingMissingError(f"{name} is not set: template.yaml sets it under Environment of each function")
    return value


def use_case() -> str:
    """The package that declares the use case: `USE_CASE`."""
    return os.environ.get("USE_CASE") or "titanic"


def database_url() -> str:
    """PostgreSQL, as `postgresql://user:password@host:port/database`."""
    return _required("DATABASE_URL")


def redis_url() -> str:
    """Redis or Valkey, as `redis://[:password@]host:port/0`."""
    return _required("REDIS_URL")


def data_bucket() -> str:
    """Bucket of `raw/`, `inbox/`, `quarantine/` and `quality/`."""
    return _required("DATA_BUCKET")


def models_bucket() -> str:
    """Bucket of the registry: `models/{version}/` and the champion pointer."""
    return _required("MODELS_BUCKET")


def max_rejected_share() -> float:
    """Share of bad rows, 0 to 1, above which a whole file is refused; `MAX_REJECTED_SHARE` may move it."""
    return float(os.environ.get("MAX_REJECTED_SHARE", "0.2"))


def s3_endpoint_url() -> str | None:
    """An S3 other than AWS's own, found as boto3 finds it; boto3 itself needs no telling."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def retention() -> timedelta:
    """How long logged predictions are kept: `PREDICTION_RETENTION_DAYS`."""
    return timedelta(days=int(_required("PREDICTION_RETENTION_DAYS")))


def watched_functions() -> dict[str, str]:
    """The functions whose invocations are counted, by role: `WATCHED_FUNCTIONS`, and this one."""
    return {**_pairs("WATCHED_FUNCTIONS"), "monitoring": _required("AWS_LAMBDA_FUNCTION_NAME")}


def dead_letter_queues() -> dict[str, str]:
    """Dead-letter queue URLs by owner."""
    return _pairs("DEAD_LETTER_QUEUES")


def pipeline_arn() -> str:
    """The state machine that trains."""
    return _required("PIPELINE_ARN")


def notifications_topic() -> str:
    """ARN of the SNS topic that people subscribe to."""
    return _required("NOTIFICATIONS_TOPIC")


def retraining_policy() -> "Policy":
    """Of `RETRAINING_COOLDOWN_HOURS`, `RETRAININGS_A_DAY`, and `RETRAINING`: whatever is not `ON` is a dry run."""
    from mlops.monitoring.retraining import Policy

    cooldown = timedelta(hours=float(_required("RETRAINING_COOLDOWN_HOURS")))
    return Policy(cooldown, int(_required("RETRAININGS_A_DAY")), _required("RETRAINING") != "ON")


def _pairs(name: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in _required(name).split(","))


def admin_key_secret() -> str:
    """Name or ARN of the secret that holds the admin API key."""
    return _required("ADMIN_KEY_SECRET")


def site_urls() -> list[str]:
    """Where the site is, by comma, the first one its usual address: the origins that browsers may call the API from."""
    return [url.rstrip("/") for url in os.environ.get("SITE_URLS", "").split(",") if url]


def concurrency_limit() -> int:
    """Requests that a server's process works on at once; more are answered 429."""
    return int(os.environ.get("CONCURRENCY_LIMIT", "64"))
