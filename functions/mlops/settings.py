"""The environment, read here and nowhere else, when it is asked for and not at import.

Where the stores are is configuration alone: the same code runs on a laptop, in Compose and on AWS. boto3 reads
`AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_S3` by itself.
"""

import os
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.monitoring.expire import Retention
    from mlops.monitoring.retraining import Policy


class SettingMissingError(RuntimeError):
    """An environment variable that this function needs is not set, or to what cannot be meant."""


_BUCKET = r"[A-Za-z0-9._-]{1,255}"
_NUMBER, _COUNT = r"\d+(\.\d+)?", r"\d+"


def _required(name: str, form: str = r".*\S.*") -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingMissingError(f"{name} is not set: template.yaml sets it under Environment of each function")
    if not re.fullmatch(form, value):  # the value may be a secret
        raise SettingMissingError(f"{name} is not of the form {form}: correct it in the stack's parameters")
    return value


def release() -> str:
    """What runs: the stack of a function, and the version where it has been published; of a server `server`."""
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "server")
    stack, version = name.partition("-InferenceFunction")[0], os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
    return stack if version == "$LATEST" else f"{stack}:{version}"


def _optional_number(name: str) -> int | None:
    return int(_required(name, "[0-9]+")) if os.environ.get(name) else None


def _pairs(name: str) -> dict[str, str]:
    form = r"[^=,]+=[^,]+(,[^=,]+=[^,]+)*"
    return dict(pair.split("=", 1) for pair in _required(name, form).split(","))


def _urls(name: str) -> list[str]:
    return os.environ.get(name, "").split()


database_url = partial(
    _required, "DATABASE_URL", r"postgres(ql)?://\S+"
)  # postgresql://user:password@host:port/database
database_roles = partial(_urls, "DATABASE_ROLES")  # URLs of the roles that the migration makes
redis_url = partial(_required, "REDIS_URL", r"rediss?://\S+")  # redis://[:password@]host:port/0, of Redis or Valkey
data_bucket = partial(_required, "DATA_BUCKET", _BUCKET)  # of raw/, inbox/, quarantine/ and quality/
models_bucket = partial(
    _required, "MODELS_BUCKET", _BUCKET
)  # of the registry: models/{version}/ and the champion pointer
pipeline_arn = partial(_required, "PIPELINE_ARN")  # the state machine that trains
batch_scoring_arn = partial(_required, "BATCH_SCORING_ARN")  # the state machine that scores files
notifications_topic = partial(_required, "NOTIFICATIONS_TOPIC")  # ARN of the SNS topic that people subscribe to
admin_key_secret = partial(_required, "ADMIN_KEY_SECRET")  # name or ARN of the secret that holds the admin API key
dead_letter_queues = partial(_pairs, "DEAD_LETTER_QUEUES")  # their URLs by owner


def demo() -> bool:
    """Whether the site may ask for a drift report at once: `DEMO`."""
    return os.environ.get("DEMO") == "ENABLED"


def use_case() -> str:
    """The package that declares the use case: `USE_CASE`."""
    return os.environ.get("USE_CASE") or "titanic"


def max_rejected_share() -> float:
    """Share of bad rows, 0 to 1, above which a whole file is refused; `MAX_REJECTED_SHARE` may move it."""
    return float(os.environ.get("MAX_REJECTED_SHARE", "0.2"))


def training_seed() -> int | None:
    """The seed of a search's folds, candidates and forests: `TRAINING_SEED`; without it the use case's own."""
    return _optional_number("TRAINING_SEED")


def search_candidates() -> int | None:
    """How many candidates a search tries: `SEARCH_CANDIDATES`; without it the use case's own number."""
    return _optional_number("SEARCH_CANDIDATES")


def s3_endpoint_url() -> str | None:
    """An S3 other than AWS's own, found as boto3 finds it; boto3 itself needs no telling."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def retention() -> timedelta:
    """How long logged predictions are kept: `PREDICTION_RETENTION_DAYS`."""
    return timedelta(days=float(_required("PREDICTION_RETENTION_DAYS", _NUMBER)))


def kept() -> "Retention":
    """What `expire` leaves, of the variables below; scored files are kept as long as predictions."""
    from mlops.monitoring.expire import Retention

    reports = timedelta(days=float(_required("REPORT_RETENTION_DAYS", _NUMBER)))
    return Retention(
        reports, retention(), int(_required("MODELS_KEPT", _COUNT)), int(_required("DATASETS_KEPT", _COUNT))
    )


def watched_functions() -> dict[str, str]:
    """The functions whose invocations are counted, by role: `WATCHED_FUNCTIONS`, and this one."""
    return {**_pairs("WATCHED_FUNCTIONS"), "monitoring": _required("AWS_LAMBDA_FUNCTION_NAME")}


def retraining_policy() -> "Policy":
    """Of `RETRAINING_COOLDOWN_HOURS`, `RETRAININGS_A_DAY`, and `RETRAINING`: whatever is not `ON` is a dry run."""
    from mlops.monitoring.retraining import Policy

    cooldown = timedelta(hours=float(_required("RETRAINING_COOLDOWN_HOURS", _NUMBER)))
    return Policy(cooldown, int(_required("RETRAININGS_A_DAY", _COUNT)), _required("RETRAINING") != "ON")


def site_urls() -> list[str]:
    """Where the site is, by comma, the first one its usual address: the origins that browsers may call the API from."""
    return [url.rstrip("/") for url in os.environ.get("SITE_URLS", "").split(",") if url]


def concurrency_limit() -> int:
    """Requests that a server's process works on at once; more are answered 429."""
    return int(os.environ.get("CONCURRENCY_LIMIT", "64"))
