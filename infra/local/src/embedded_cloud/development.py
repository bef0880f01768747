"""Development: functions run from their sources as these are edited, with their logs in the terminal."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedded_cloud.aws import Aws
from embedded_cloud.localstack import STATUS_PATH

POLL_SECONDS = 0.3
LATE_MILLISECONDS = 2000


@contextmanager
def hot_reload(aws: Aws, sources: Mapping[str, Sequence[Path]]) -> Iterator[None]:
    """Put folders in front of the artifacts, by deployed function name; the artifacts serve again afterwards."""
    _put(aws, {name: [str(folder) for folder in folders] for name, folders in sources.items()})
    try:
        yield
    finally:
        _put(aws, {})


def tail(aws: Aws, functions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Logical name and message of each log event from now on, without end."""
    logs = aws.client("logs")
    since = int(time.time() * 1000)
    shown: set[str] = set()
    while True:
        events = [(event, name) for name, deployed in functions.items() for event in _events(logs, deployed, since)]
        for event, name in sorted(events, key=lambda found: found[0]["timestamp"]):
            if event["eventId"] not in shown:
                yield name, event["message"].rstrip()
        shown = {event["eventId"] for event, _ in events}
        # Events arrive late by what it takes to ship them.
        since = max([since, *(event["timestamp"] - LATE_MILLISECONDS for event, _ in events)])
        time.sleep(POLL_SECONDS)


def _events(logs: Any, function: str, since: int) -> list[dict[str, Any]]:
    """A function's log events since a time; none before it is invoked for the first time."""
    try:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", startTime=since)
    except logs.exceptions.ResourceNotFoundException:
        return []
    events: list[dict[str, Any]] = found["events"]
    return events


def _put(aws: Aws, sources: Mapping[str, Sequence[str]]) -> None:
    body = json.dumps({"sources": sources}).encode()
    request = urllib.request.Request(aws.endpoint_url + STATUS_PATH, body, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()
