"""What a container writes, kept for any number of readers in the format of attached streams."""

import struct
import threading
from collections import deque
from collections.abc import Iterator

STDERR = 2
KEPT = 10_000  # frames


def frame(text: str) -> bytes:
    """A stream's number, three zero bytes, the length as a big-endian 32-bit integer, the content."""
    content = text.encode() + b"\n"
    return struct.pack(">BxxxL", STDERR, len(content)) + content


class Output:
    """The newest frames, one for each line or event; `close` ends the readers."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=KEPT)
        self._written = 0
        self._closed = False
        self._changed = threading.Condition()

    def write(self, text: str) -> None:
        """Add a frame; nothing after `close`."""
        with self._changed:
            if not self._closed:
                self._frames.append(frame(text))
                self._written += 1
                self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def read(self, *, past: bool, follow: bool) -> Iterator[bytes]:
        """Frames in order: those of the `past`, and with `follow` what comes until `close`."""
        position = 0 if past else self._written
        while True:
            frames, position = self._after(position, follow=follow)
            if not frames:
                return
            yield from frames

    def _after(self, position: int, *, follow: bool) -> tuple[list[bytes], int]:
        """The frames after a position and the position behind them; with `follow` at least one, until `close`."""
        with self._changed:
            self._changed.wait_for(lambda: not follow or self._closed or self._written > position)
            unread = min(self._written - position, len(self._frames))
            return [self._frames[index] for index in range(-unread, 0)], self._written
