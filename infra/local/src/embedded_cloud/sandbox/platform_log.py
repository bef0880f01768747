"""What Lambda itself writes into a function's log, as text or as JSON.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from embedded_cloud.sandbox.failures import RuntimeFailureError

SYSTEM_LEVELS = ("DEBUG", "INFO", "WARN")


@dataclass(frozen=True)
class Usage:
    """What one invocation took: milliseconds, megabytes for the memory, bytes of the answer."""

    duration: float
    memory_size: int
    max_memory_used: int
    produced: int = 0
    init_duration: float | None = None
    failure: RuntimeFailureError | None = None

    @property
    def billed_duration(self) -> int:
        """Initialisation is billed too, as it has been since August 2025."""
        return math.ceil(self.duration + (self.init_duration or 0))


class PlatformLog(Protocol):
    """The lines of each moment in an environment's life. `phase` is ``init``, or ``invoke`` for a repeated init."""

    def init_started(self, phase: str) -> Sequence[str]: ...
    def init_ended(self, phase: str, duration: float, failure: RuntimeFailureError | None) -> Sequence[str]: ...
    def started(self, request_id: str) -> Sequence[str]: ...
    def ended(self, request_id: str, usage: Usage) -> Sequence[str]: ...


@dataclass(frozen=True)
class TextLog:
    """START, END, REPORT and INIT_REPORT, as Lambda writes them unless it is told otherwise."""

    version: str

    def init_started(self, phase: str) -> Sequence[str]:  # noqa: ARG002 - the JSON format's has it
        return ()

    def init_ended(self, phase: str, duration: float, failure: RuntimeFailureError | None) -> Sequence[str]:
        if failure is None:
            return ()
        fields = [f"INIT_REPORT Init Duration: {duration:.2f} ms", f"Phase: {phase}", *_status_fields(failure)]
        return ("\t".join(fields) + "\t",)

    def started(self, request_id: str) -> Sequence[str]:
        return (f"START RequestId: {request_id} Version: {self.version}",)

    def ended(self, request_id: str, usage: Usage) -> Sequence[str]:
        explained = usage.failure.log_lines(request_id) if usage.failure else ""
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {usage.duration:.2f} ms",
            f"Billed Duration: {usage.billed_duration} ms",
            f"Memory Size: {usage.memory_size} MB",
            f"Max Memory Used: {usage.max_memory_used} MB",
        ]
        if usage.init_duration is not None:
            fields.append(f"Init Duration: {usage.init_duration:.2f} ms")
        fields += _status_fields(usage.failure)
        report = "\t".join(fields) + "\t"
        return (*filter(None, [explained]), f"END RequestId: {request_id}", report)


def _status_fields(failure: RuntimeFailureError | None) -> list[str]:
    if failure is None:
        return []
    named = [f"Error Type: {failure.reported_type}"] if failure.reported_type else []
    return [f"Status: {failure.status}", *named]


@dataclass(frozen=True)
class JsonLog:
    """Platform events, one JSON object a line; those below `level` (the SystemLogLevel) are left out."""

    function: str
    version: str
    runtime: str
    initialization_type: str
    level: str = "INFO"

    def init_started(self, phase: str) -> Sequence[str]:
        runtime = self.runtime.replace("python", "python:")
        function = {"functionName": self.function, "functionVersion": self.version}
        return self._events(("INFO", "initStart", {**self._init(phase), "runtimeVersion": runtime, **function}))

    def init_ended(self, phase: str, duration: float, failure: RuntimeFailureError | None) -> Sequence[str]:
        record = {**self._init(phase), **_status(failure)}
        metrics = {"metrics": {"durationMs": round(duration, 3)}}
        level = "WARN" if failure else "DEBUG"
        reported = "INFO" if level == "DEBUG" and self.initialization_type != "on-demand" else level
        return self._events((level, "initRuntimeDone", record), (reported, "initReport", {**record, **metrics}))

    def started(self, request_id: str) -> Sequence[str]:
        return self._events(("INFO", "start", {"requestId": request_id, "version": self.version}))

    def ended(self, request_id: str, usage: Usage) -> Sequence[str]:
        status = _status(usage.failure)
        done = {"durationMs": round(usage.duration, 3), "producedBytes": usage.produced}
        report: dict[str, Any] = {
            "durationMs": round(usage.duration, 3),
            "billedDurationMs": usage.billed_duration,
            "memorySizeMB": usage.memory_size,
            "maxMemoryUsedMB": usage.max_memory_used,
        }
        if usage.init_duration is not None:
            report["initDurationMs"] = round(usage.init_duration, 3)
        failed = usage.failure is not None
        return self._events(
            ("WARN" if failed else "DEBUG", "runtimeDone", {"requestId": request_id, **status, "metrics": done}),
            ("WARN" if failed else "INFO", "report", {"requestId": request_id, "metrics": report, **status}),
        )

    def _init(self, phase: str) -> dict[str, str]:
        return {"initializationType": self.initialization_type, "phase": phase}

    def _events(self, *events: tuple[str, str, dict[str, Any]]) -> list[str]:
        """The lines of level, name and record that are of interest."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        threshold = SYSTEM_LEVELS.index(self.level)
        return [
            json.dumps({"time": time, "type": f"platform.{name}", "record": record}, separators=(",", ":"))
            for level, name, record in events
            if SYSTEM_LEVELS.index(level) >= threshold
        ]


def _status(failure: RuntimeFailureError | None) -> dict[str, str]:
    if failure is None:
        return {"status": "success"}
    named = {"errorType": failure.reported_type} if failure.reported_type else {}
    return {"status": failure.status, **named}
