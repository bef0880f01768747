"""What serving did over time: differences between readings of its totals, which monitoring takes each minute."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from mlops.model.decision import decide
from mlops.telemetry import metrics

POINTS = 200
STEP = timedelta(minutes=1)
LONGEST = timedelta(days=7)
_PREDICTING = ("/predict", "/predict/batch")


@dataclass(frozen=True, slots=True)
class Reading:
    """Totals at one moment, brought down to what a chart needs (see `read`)."""

    at: datetime
    totals: Mapping[str, float]

    def since(self, earlier: "Reading") -> Mapping[str, float]:
        """What was added meanwhile; totals that shrank were lost and began anew."""
        if self.totals.get("requests", 0) < earlier.totals.get("requests", 0):
            return self.totals
        return {name: total - earlier.totals.get(name, 0) for name, total in self.totals.items()}


def read(totals: Mapping[str, float], at: datetime) -> Reading:
    """Requests, `errors` (500 and above), `rejected` (400 to 499), and by bucket the seconds of those that predict
    and the scores of what they predicted."""
    sums: dict[str, float] = defaultdict(float)
    for name, total in totals.items():
        match name.split("|"):
            case [metrics.REQUEST, _, route, status, bucket]:
                sums["requests"] += total
                sums[{"4": "rejected", "5": "errors"}.get(status[0], "served")] += total
                if route in _PREDICTING:
                    sums[f"seconds|{bucket}"] += total
            case [metrics.SCORE, _, bucket]:
                sums[f"score|{bucket}"] += total
            case [metrics.DEGRADED.name, _]:
                sums["degraded"] += total
            case [metrics.COLD_START, release]:
                sums["cold_starts"] += total
                sums[f"release|{release}"] += total
    return Reading(at, sums)


def series(readings: Sequence[Reading], hours: float) -> dict[str, Any]:
    """At most `POINTS` points of the last hours up to the newest reading, each of what came since the one before.

    `releases` are those that began to answer meanwhile.
    """
    newest = readings[-1]
    recent = [each for each in readings if each.at >= newest.at - timedelta(hours=hours)]
    stride = -(-len(recent) // POINTS)
    kept = [*recent[:-1:stride], newest]
    added = [later.since(earlier) for earlier, later in pairwise(kept)]
    scores = [sum(each) for each in zip(*(_buckets(some, "score", metrics.SCORES) for some in added), strict=True)]
    scores = scores or [0] * (len(metrics.SCORES) + 1)
    return {
        "from": recent[0].at.isoformat(),
        "to": newest.at.isoformat(),
        "step_seconds": int(stride * STEP.total_seconds()),
        "points": [_point(later.at, some) for later, some in zip(kept[1:], added, strict=True)],
        "scores": {"bounds": list(metrics.SCORES), "counts": scores, "predictions": sum(scores)},
        "releases": list(_releases(recent)),
    }


def _releases(readings: Sequence[Reading]) -> Iterator[dict[str, str]]:
    seen = set(readings[0].totals)
    for each in readings:
        for name in sorted(each.totals.keys() - seen):
            if name.startswith("release|"):
                yield {"at": each.at.isoformat(), "release": name.partition("|")[2]}
        seen |= each.totals.keys()


def _point(at: datetime, added: Mapping[str, float]) -> dict[str, Any]:
    scores, seconds = _buckets(added, "score", metrics.SCORES), _buckets(added, "seconds", metrics.SECONDS)
    names = ("requests", "errors", "rejected", "degraded", "cold_starts")
    return {
        "at": at.isoformat(),
        **{name: int(added.get(name, 0)) for name in names},
        "predictions": sum(scores),
        "positive": sum(count for count, bound in zip(scores, (*metrics.SCORES, 1.0), strict=True) if decide(bound)),
        **{f"p{percent}_ms": _quantile(seconds, percent / 100) for percent in (50, 95, 99)},
    }


def _buckets(totals: Mapping[str, float], kind: str, bounds: Sequence[float]) -> list[int]:
    return [int(totals.get(f"{kind}|{bound}", 0)) for bound in (*bounds, metrics.ABOVE)]


def _quantile(counts: Sequence[int], share: float) -> float | None:
    """In milliseconds, linear within its bucket as Prometheus' histogram_quantile is; None of nothing."""
    rank, below, low = share * sum(counts), 0, 0.0
    for count, high in zip(counts, (*metrics.SECONDS, metrics.SECONDS[-1]), strict=True):
        if count and below + count >= rank:
            return round((low + (high - low) * (rank - below) / count) * 1000, 3)
        below, low = below + count, high
    return None
