"""Log events and invocation counts on their way to CloudWatch, a batch at a time.

LocalStack starts threads and makes calls for every invocation, which take longer than the
invocation itself. Here one thread serves all functions; what is written shows within a second, also
while the function still runs.
"""

import contextlib
import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from localstack.aws.connect import connect_to
from localstack.services.logs.models import get_moto_logs_backend
from localstack.utils.bootstrap import is_api_enabled
from localstack.utils.cloudwatch.cloudwatch_util import publish_lambda_metric

from embedded_cloud.sandbox.log import LogEvent

LOG = logging.getLogger(__name__)

BATCH_SECONDS = 0.25
# Quotas of PutLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
MAX_EVENTS = 10_000
MAX_BYTES = 1_048_576
EVENT_BYTES = 26
KEPT_EVENTS = 10_000  # of a stream


@dataclass(frozen=True)
class LogStream:
    """Where an execution environment's events go."""

    account: str
    region: str
    group: str
    name: str


class CloudWatch:
    """Collects from any thread; sends from its own."""

    def __init__(self) -> None:
        self._events: defaultdict[LogStream, list[LogEvent]] = defaultdict(list)
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._something = threading.Condition()
        threading.Thread(target=self._run, name="cloudwatch", daemon=True).start()

    def log(self, stream: LogStream, events: list[LogEvent]) -> None:
        with self._something:
            self._events[stream] += events
            self._something.notify()

    def count(self, metric: str, account: str, region: str, function: str) -> None:
        with self._something:
            self._counts[metric, account, region, function] += 1
            self._something.notify()

    def _run(self) -> None:
        while True:
            with self._something:
                self._something.wait_for(lambda: self._events or self._counts)
            time.sleep(BATCH_SECONDS)
            with self._something:
                events, self._events = self._events, defaultdict(list)
                counts, self._counts = self._counts, Counter()
            try:
                if is_api_enabled("logs"):
                    for stream, entries in events.items():
                        _put_log_events(stream, entries)
                        _forget_old_events(stream)
                for (metric, account, region, function), number in counts.items():
                    labels = {"func_name": function}
                    publish_lambda_metric(metric, number, labels, account, region)
            except Exception:
                LOG.exception("CloudWatch: a batch is lost")


def _put_log_events(stream: LogStream, events: list[LogEvent]) -> None:
    logs = connect_to(aws_access_key_id=stream.account, region_name=stream.region).logs
    target = {"logGroupName": stream.group, "logStreamName": stream.name}
    for batch in _batches(events):
        entries = [{"timestamp": time, "message": message} for time, message in batch]
        try:
            logs.put_log_events(**target, logEvents=entries)
        except logs.exceptions.ResourceNotFoundException:
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=stream.group)
            logs.create_log_stream(**target)
            logs.put_log_events(**target, logEvents=entries)


def _forget_old_events(stream: LogStream) -> None:
    """Bound the memory of a cloud that runs for weeks: LocalStack never removes an event."""
    group = get_moto_logs_backend(stream.account, stream.region).groups.get(stream.group)
    if group and stream.name in group.streams:
        del group.streams[stream.name].events[:-KEPT_EVENTS]


def _batches(events: list[LogEvent]) -> Iterator[list[LogEvent]]:
    """Events in order of time, as many as one call may carry."""
    batch: list[LogEvent] = []
    size = 0
    for timestamp, message in sorted(events, key=lambda event: event[0]):
        message = message.encode()[: MAX_BYTES - EVENT_BYTES].decode(errors="ignore")
        needed = len(message.encode()) + EVENT_BYTES
        if batch and (len(batch) == MAX_EVENTS or size + needed > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((timestamp, message))
        size += needed
    if batch:
        yield batch


cloudwatch = CloudWatch()
