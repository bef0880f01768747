"""Watch: what no request can count, read each minute where it is known and added to the same totals."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.data.labels import COMPOSED
from mlops.errors import StoreUnavailableError
from mlops.monitoring.stores import PipelineRun
from mlops.telemetry import activity, metrics, usage
from mlops.telemetry.stores import Telemetry

# How far back the first look goes, and how long a line may be on its way to the telemetry.
FIRST_LOOK = timedelta(hours=1)
ON_ITS_WAY = timedelta(seconds=15)
_MINUTE = timedelta(minutes=1)
Reports = Callable[[str, datetime, datetime], Iterable[tuple[datetime, str]]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is known; each raises StoreUnavailableError if it does not answer.

    `functions` are names by role; `reports` gives time and text of a function's REPORT lines between two times. `link`
    is told which run a table that retraining made was of.
    """

    functions: Mapping[str, str]
    reports: Reports
    runs: Callable[[datetime], Iterable[PipelineRun]]
    dead_letters: Callable[[], Mapping[str, int]]
    link: Callable[[Iterable[tuple[str, str]]], None]


def watch(
    telemetry: Telemetry, sources: Sources, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> dict[str, Any]:
    """Keep a reading of the totals, and add pipeline runs and invocations that ended since the last look.

    Each is added once, by its name or its minute, however often this runs or is broken off; one source that is away
    does not keep the others from being read. StoreUnavailableError if Redis is.
    """
    at = now()
    telemetry.keep_reading(activity.read(telemetry.totals(), at))
    gauges = telemetry.gauges()

    def since(task: str) -> datetime:
        known = gauges.get(metrics.named(metrics.MEASURED.name, task), 0.0)
        # A look in the future is one of a clock that was ahead.
        return datetime.fromtimestamp(known, UTC) if 0 < known <= at.timestamp() else at - FIRST_LOOK

    def invocations() -> tuple[datetime, int]:
        end = _whole_minute(at - ON_ITS_WAY)
        begin = since("invocations")
        return end, sum(_count(telemetry, sources.reports, *each, begin, end) for each in sources.functions.items())

    def runs() -> tuple[datetime, int]:
        recent = list(sources.runs(since("runs") - _MINUTE))
        own = [(key, run.name) for run in recent if (key := run.key) and key.startswith(COMPOSED)]
        if own:
            sources.link([(key.removeprefix(COMPOSED).removesuffix(".csv"), name) for key, name in own])
        return at, sum(telemetry.record_once(run.name, run.observations) for run in recent)

    def dead_letters() -> tuple[datetime, int]:
        waiting = sources.dead_letters()
        telemetry.measure({metrics.named(metrics.DEAD_LETTERS.name, queue): count for queue, count in waiting.items()})
        return at, sum(waiting.values())

    seen = {}
    for task in (invocations, runs, dead_letters):
        name = task.__name__
        try:
            until, seen[name] = task()
        except StoreUnavailableError as error:
            _log.warning("Not seen: %s: %s", name, error)
            continue
        telemetry.measure({metrics.named(metrics.MEASURED.name, name): until.timestamp()})
    return seen


def _count(telemetry: Telemetry, reports: Reports, role: str, function: str, begin: datetime, end: datetime) -> int:
    minutes: dict[datetime, Counter[str]] = defaultdict(Counter)
    count = 0
    for at, line in reports(function, begin, end):
        minutes[_whole_minute(at)].update(usage.observations(role, line))
        count += 1
    for minute, added in minutes.items():
        telemetry.record_once(f"{function} {minute:%Y-%m-%dT%H:%M}", added)
    return count


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
