"""What is counted about serving, as additions to totals: the only form in which many short-lived instances add up.

A total's name is what it counts and its cell of that, joined by `|`. A cell is as fine as any reader wants it: one
addition then serves several metrics, which `inference/exposition.py` makes of it, and a request pays for three.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

# Upper bounds, inclusive; the last bucket is above them all.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SCORES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # up to one half is class 0
BATCH_SIZES = (1, 10, 30, 100, 300, 1000)
ABOVE = "+Inf"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it says and the names of its labels."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()


# Totals, by the cell's parts.
REQUEST = "request"  # method, route, status, bucket of seconds
TIME = "time"  # route
SCORE = "score"  # model version, bucket of scores
BATCH = "batch"  # bucket of rows
BATCHED = "batched"
COLD_START = "cold_start"  # release

REQUESTS = Metric("mlops_requests", "HTTP requests answered", ("method", "route", "status"))
LATENCY = Metric("mlops_request_seconds", "Time from request to answer", ("route",))
PREDICTIONS = Metric("mlops_predictions", "Rows predicted", ("label", "model_version"))
SCORES_OF = Metric("mlops_score", "P(class 1) of rows predicted", ("model_version",))
BATCH_SIZE = Metric("mlops_batch_rows", "Rows in a batch")
ERRORS = Metric("mlops_errors", "Requests that an error ended, by its type", ("route", "error"))
DEGRADED = Metric("mlops_degraded", "Answers given while a store was away", ("store",))
DROPPED = Metric("mlops_log_dropped", "Entries pushed out of the prediction log undrained", ("stream",))
STREAMS: tuple[Literal["predictions", "outcomes"], ...] = ("predictions", "outcomes")
COLD_STARTS = Metric("mlops_cold_starts", "Execution environments that answered a first request")
INVOCATIONS = Metric("mlops_lambda_invocations", "Invocations, by Lambda's own reports", ("function",))
FAILURES = Metric("mlops_lambda_failures", "Invocations that Lambda had to end", ("function", "status"))
GB_SECONDS = Metric("mlops_lambda_gb_seconds", "Memory times billed duration", ("function",))
COST = Metric("mlops_lambda_cost_dollars", "Estimated at list price, no free tier", ("function",))
INITS = Metric("mlops_lambda_inits", "Initialisations of execution environments", ("function",))
INIT_SECONDS = Metric("mlops_lambda_init_seconds", "Time that initialisations took", ("function",))
RUNS = Metric("mlops_pipeline_runs", "Pipeline runs that ended", ("status",))
RUN_STATUSES = ("succeeded", "failed", "timed_out", "aborted")
STEPS = Metric("mlops_pipeline_steps", "Pipeline steps that ended", ("step", "status"))
STEP_SECONDS = Metric("mlops_pipeline_step_seconds", "Time that pipeline steps took", ("step",))
COUNTERS = (
    *(ERRORS, DEGRADED, DROPPED),
    *(INVOCATIONS, FAILURES, GB_SECONDS, COST, INITS, INIT_SECONDS, RUNS, STEPS, STEP_SECONDS),
)

# What monitoring measured last, by name and labels.
MEASURED = Metric("mlops_measured_timestamp_seconds", "When monitoring last ran a task", ("task",))
DEAD_LETTERS = Metric("mlops_dead_letters", "Messages that wait in a dead-letter queue", ("queue",))
PUBLISHED = Metric("mlops_model_published_timestamp_seconds", "When the champion was first published")
ACCURACY = Metric("mlops_model_accuracy", "Of the champion, held out or live", ("sample",))
LABELLED = Metric("mlops_labelled_predictions", "Predictions of the champion whose outcome is known")
PSI = Metric("mlops_drift_psi", "Population stability index of the last window", ("feature",))
ADJUSTED_P = Metric("mlops_drift_adjusted_p", "Holm's adjusted p-value of the last window", ("feature",))
DRIFTING = Metric("mlops_drift", "1 if the last window drifts")
SUSTAINED = Metric("mlops_drift_sustained_windows", "Windows in a row that drift")
WINDOW = Metric("mlops_drift_window", "Predictions in the last window")
GAUGES = (
    *(MEASURED, DEAD_LETTERS, PUBLISHED, ACCURACY, LABELLED),
    *(PSI, ADJUSTED_P, DRIFTING, SUSTAINED, WINDOW),
)

Observations = dict[str, float]


def request(method: str, route: str, status: int, seconds: float) -> Observations:
    """One request; `route` is the pattern, not the path, or strangers could invent cells without end."""
    known = method if method in METHODS else "other"
    return {named(REQUEST, known, route, str(status), bucket(SECONDS, seconds)): 1, named(TIME, route): seconds}


def error(route: str, kind: str) -> Observations:
    """The error, by its class's name, that a request ended with."""
    return {named(ERRORS.name, route, kind): 1}


def predictions(probabilities: Iterable[float], model_version: str) -> Observations:
    """Rows predicted by one model."""
    counts = Counter(bucket(SCORES, each) for each in probabilities)
    return {named(SCORE, model_version, place): count for place, count in counts.items()}


def batch(size: int) -> Observations:
    """One batch of rows."""
    return {named(BATCH, bucket(BATCH_SIZES, size)): 1, BATCHED: size}


def degraded(store: str) -> Observations:
    """Answers given while the registry (`models`) or the prediction log (`log`) was away."""
    return {named(DEGRADED.name, store): 1}


def cold_start(release: str) -> Observations:
    """The first request of an execution environment of this release."""
    return {named(COLD_START, release): 1}


def bucket(bounds: Sequence[float], value: float) -> str:
    """The name of the bucket that a value falls into."""
    place = bisect_left(bounds, value)
    return str(bounds[place]) if place < len(bounds) else ABOVE


def named(*parts: str) -> str:
    """The name of a total or a gauge."""
    return "|".join(parts)
