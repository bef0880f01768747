"""What a runtime writes, cut into the events that CloudWatch shows.

Text on standard output and error is one event a line. What goes through `logging` arrives framed on
the same pipe, so that a stack trace stays one event: four bytes of type, four of length, eight of
timestamp (microseconds), then the message, as awslambdaric's FramedTelemetryLogSink writes it.
"""

import json
import time
from collections.abc import Callable, Iterator

FRAME = b"\xa5\x5a\x00"  # no UTF-8 text holds the first byte here
HEADER_BYTES = 16
MAX_LINE_BYTES = 1 << 18
TAIL_CHARACTERS = 4096

# The level of a frame is in the last byte of its type, above two bits for the format.
LEVELS = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "WARNING": 4, "ERROR": 5, "FATAL": 6, "CRITICAL": 6}

LogEvent = tuple[int, str]  # milliseconds since the epoch, message
Ship = Callable[[list[LogEvent]], None]


class RuntimeLog:
    """Passes events on as they come and keeps the tail that a caller may ask for."""

    def __init__(self, ship: Ship, level: str = "TRACE") -> None:
        """Application logs below `level` are left out, where they say what level they have."""
        self._ship = ship
        self._level = LEVELS[level]
        self._buffer = bytearray()
        self._tail = ""

    def write(self, *lines: str) -> None:
        """Add lines of the platform's own."""
        self.flush()
        self._emit([(_now(), line) for line in lines])

    def feed(self, data: bytes) -> None:
        """Take what the runtime has written, up to the last complete event in it."""
        self._buffer += data
        self._emit(list(_cut(self._buffer, self._level)))
        if len(self._buffer) > MAX_LINE_BYTES and not self._buffer.startswith(FRAME):
            self.flush()

    def flush(self) -> None:
        """Take an unfinished line for an event."""
        if self._buffer:
            self._emit([(_now(), self._buffer.decode(errors="replace"))])
            self._buffer.clear()

    def take_tail(self) -> str:
        """The last 4 KB since the previous call."""
        tail, self._tail = self._tail, ""
        return tail

    def _emit(self, events: list[LogEvent]) -> None:
        for _, message in events:
            ended = message if message.endswith("\n") else message + "\n"
            self._tail = (self._tail + ended)[-TAIL_CHARACTERS:]
        if events:
            self._ship(events)


def _cut(buffer: bytearray, least: int) -> Iterator[LogEvent]:
    """Remove each complete event from the front of `buffer`; those of a level below `least` are dropped."""
    while buffer:
        start = buffer.find(FRAME)
        if start == 0:
            end = HEADER_BYTES + int.from_bytes(buffer[4:8], "big")
            if len(buffer) < HEADER_BYTES or len(buffer) < end:
                return
            timestamp = int.from_bytes(buffer[8:16], "big") // 1000
            if (buffer[3] >> 2 or least) >= least:
                yield timestamp, buffer[HEADER_BYTES:end].decode(errors="replace")
        else:
            end = buffer.find(b"\n", 0, start if start > 0 else len(buffer)) + 1 or start
            if end < 0:
                return
            line = buffer[:end].decode(errors="replace").strip("\n")
            if line and _level(line, least) >= least:
                yield _now(), line  # CloudWatch takes no empty events
        del buffer[:end]


def _level(line: str, least: int) -> int:
    """The level that a line of JSON names, INFO where it names none; other text is of any."""
    if least == LEVELS["TRACE"] or not line.startswith("{"):
        return least
    try:
        return LEVELS.get(str(json.loads(line).get("level")).upper(), LEVELS["INFO"])
    except ValueError:
        return least


def _now() -> int:
    return time.time_ns() // 1_000_000
