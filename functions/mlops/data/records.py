"""The records of a CSV, counted independently of the database that reads them, and quotes where none may be.

PostgreSQL's COPY takes a quote inside an unquoted cell for the beginning of a quoted part, and a line `\\.` for the end
of the file: rows between would be swallowed without a word.
"""

import re

from mlops.data.rejection import DatasetRefusedError

_SEPARATORS = b",\r\n"
_END_MARK = re.compile(rb"(?:^|[\r\n])\\\.(?=[\r\n]|$)")


class RecordCounter:
    """Takes a CSV behind its header block by block; DatasetRefusedError names the line that RFC 4180 does not know."""

    def __init__(self) -> None:
        self._quoted = False  # the next byte is inside quotes
        self._closing = False  # the last byte was a quote that may have ended a cell
        self._last = ord("\n")
        self._feeds = self._returns = 0  # outside quotes
        self._line = self._opened = 2  # of the next byte and of the last quote, in the file with its header
        self._size = self._complete = 0  # bytes so far, and those of records that have ended

    @property
    def count(self) -> int:
        """The records so far; the last one needs no line end."""
        return (self._feeds or self._returns) + 1

    @property
    def complete(self) -> tuple[int, int]:
        """How many records have ended so far, and how many bytes they have: a file may be divided there."""
        return self._feeds or self._returns, self._complete

    def add(self, block: bytes) -> None:
        """Go on with the next bytes."""
        if not block:
            return
        if b"\\." in block and not self._quoted and (found := _END_MARK.search(block)):
            raise self._refusal(block[: found.end()], "is \\., which ends a file for PostgreSQL: put it in quotes")
        parts = block.split(b'"')
        for place in range(self._quoted, len(parts), 2):
            part = parts[place]
            opened, closed = place < len(parts) - 1, place > 0 or self._closing
            if part:
                if closed and part[0] not in _SEPARATORS:
                    raise self._refusal(b'"'.join(parts[:place]), "has text after a quote that ended a cell")
                if opened and part[-1] not in _SEPARATORS:
                    raise self._refusal(b'"'.join(parts[: place + 1]), "has a quote inside a cell without quotes")
                self._feeds += part.count(b"\n")
                self._returns += part.count(b"\r")
            elif opened and not closed and self._last not in _SEPARATORS:
                raise self._refusal(b"", "has a quote inside a cell without quotes")
        self._note_end(parts)
        self._quoted ^= len(parts) % 2 == 0
        if self._quoted and len(parts) > 1:
            self._opened = self._line + block[: block.rfind(b'"')].count(b"\n")
        self._closing = not self._quoted and block.endswith(b'"')
        self._last = block[-1]
        self._line += block.count(b"\n")

    def _note_end(self, parts: list[bytes]) -> None:
        """Where the last record ended, looked for from behind; `parts` by turns are outside and inside of quotes."""
        behind, mark = 0, b"\n" if self._feeds else b"\r"
        self._size += sum(map(len, parts)) + len(parts) - 1
        for place in range(len(parts) - 1, -1, -1):
            part = parts[place]
            # A carriage return at the very end may be half a line end.
            if (
                place % 2 == self._quoted
                and (end := part.rfind(mark, 0, len(part) - (mark == b"\r" and not behind))) >= 0
            ):
                self._complete = self._size - behind - len(part) + end + 1
                return
            behind += len(part) + 1

    def end(self) -> None:
        """There is no more."""
        if self._quoted:
            why = "cannot be read as CSV: its quote is never closed"
            raise DatasetRefusedError(f"Line {self._opened} {why}, and what follows would be lost in its cell")

    def _refusal(self, before: bytes, why: str) -> DatasetRefusedError:
        line = self._line + before.count(b"\n")
        return DatasetRefusedError(
            f"Line {line} {why}; a cell with a quote in it is written in quotes, and each of its own quotes twice"
        )
