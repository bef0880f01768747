"""What is counted about serving, as additions to totals: the only form in which many short-lived instances add up.

A total's name is the metric's and its labels' values joined by `|`, a histogram's the bucket's upper bound as well.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# Upper bounds in seconds, the last bucket is above them all.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
ABOVE = "+Inf"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it counts and the names of its labels."""

    name: str
    type: Literal["counter", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


REQUESTS = Metric("titanic_requests", "counter", "HTTP requests answered", ("method", "route", "status"))
LATENCY = Metric("titanic_request_seconds", "histogram", "Time from request to answer", ("route",))
PREDICTIONS = Metric("titanic_predictions", "counter", "Passengers predicted", ("survived", "model_version"))
COLD_STARTS = Metric("titanic_cold_starts", "counter", "Execution environments that answered a first request")
METRICS = (REQUESTS, LATENCY, PREDICTIONS, COLD_STARTS)

Observations = dict[str, float]


def request(method: str, route: str, status: int, seconds: float) -> Observations:
    """One request; `route` is the pattern, not the path, or strangers could invent labels without end."""
    place = bisect_left(BUCKETS, seconds)
    bucket = str(BUCKETS[place]) if place < len(BUCKETS) else ABOVE
    return {
        named(REQUESTS, method, route, str(status)): 1,
        named(LATENCY, route, "bucket", bucket): 1,
        named(LATENCY, route, "sum"): seconds,
    }


def predictions(survived: Iterable[int], model_version: str) -> Observations:
    """Passengers predicted by one model."""
    return {named(PREDICTIONS, str(fate), model_version): count for fate, count in Counter(survived).items()}


def cold_start() -> Observations:
    """The first request of an execution environment."""
    return {named(COLD_STARTS): 1}


def named(metric: Metric, *values: str) -> str:
    """The name of a total."""
    return "|".join((metric.name, *values))
