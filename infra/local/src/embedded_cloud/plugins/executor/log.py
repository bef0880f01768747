"""What a runtime writes, cut into the events that CloudWatch shows.

Text on standard output and error is one event a line. What goes through `logging` arrives framed on
the same pipe, so that a stack trace stays one event: four bytes of type, four of length, eight of
timestamp (microseconds), then the message, as awslambdaric's FramedTelemetryLogSink writes it.
"""

import time
from collections.abc import Callable, Iterator

FRAME = b"\xa5\x5a\x00"  # no UTF-8 text holds the first byte here
HEADER_BYTES = 16
MAX_LINE_BYTES = 1 << 18
TAIL_CHARACTERS = 4096

LogEvent = tuple[int, str]  # milliseconds since the epoch, message
Ship = Callable[[list[LogEvent]], None]


class RuntimeLog:
    """Passes events on as they come and keeps the tail that a caller may ask for."""

    def __init__(self, ship: Ship) -> None:
        self._ship = ship
        self._buffer = bytearray()
        self._tail = ""

    def write(self, line: str) -> None:
        """Add a line of the platform's own."""
        self.flush()
        self._emit([(_now(), line)])

    def feed(self, data: bytes) -> None:
        """Take what the runtime has written, up to the last complete event in it."""
        self._buffer += data
        self._emit(list(_cut(self._buffer)))
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


def _cut(buffer: bytearray) -> Iterator[LogEvent]:
    """Remove each complete event from the front of `buffer`."""
    while buffer:
        start = buffer.find(FRAME)
        if start == 0:
            end = HEADER_BYTES + int.from_bytes(buffer[4:8], "big")
            if len(buffer) < HEADER_BYTES or len(buffer) < end:
                return
            timestamp = int.from_bytes(buffer[8:16], "big") // 1000
            yield timestamp, buffer[HEADER_BYTES:end].decode(errors="replace")
        else:
            end = buffer.find(b"\n", 0, start if start > 0 else len(buffer)) + 1 or start
            if end < 0:
                return
            if line := buffer[:end].decode(errors="replace").strip("\n"):
                yield _now(), line  # CloudWatch takes no empty events
        del buffer[:end]


def _now() -> int:
    return time.time_ns() // 1_000_000
