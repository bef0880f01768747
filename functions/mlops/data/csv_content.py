"""The content of an uploaded CSV, read once as a stream: what is in it and which version it is."""

import re
from collections.abc import Sequence
from hashlib import sha256

from mlops.data.foreign import BOM, foreign_kind
from mlops.data.header import columns_of
from mlops.data.records import RecordCounter
from mlops.data.rejection import DatasetRefusedError
from mlops.data.unpacking import GZIP, Readable, unpacked
from mlops.use_case import UseCase

_BLOCK = 1 << 16
_NEWLINE = re.compile(rb"\r\n|\n|\r")


class CsvContent:
    """The rows of a CSV, packed by gzip or not, behind its header, without byte-order mark and empty lines at its end.

    Reads `columns` at once and raises DatasetRefusedError if there is no such header. `digest` is the SHA-256 of the
    unpacked file, complete once `read` has answered with nothing. What `read` raised is kept in `failure`, for a
    database driver that reads on our behalf tells only that something failed.
    """

    def __init__(
        self, source: Readable, case: UseCase, wanted: Sequence[str] = (), *, unlabelled: bool = False
    ) -> None:
        """`wanted` are the columns of another file than the table, such as labels; `unlabelled` is a table to score."""
        first = source.read(_BLOCK)
        while len(first) < len(GZIP) and (more := source.read(_BLOCK)):
            first += more
        self.packed = first.startswith(GZIP)
        self._source = unpacked(first, source)
        self._digest = sha256()
        self.failure: Exception | None = None
        head = self._pull()
        # A carriage return at the very end may be half a line end.
        while not (b"\n" in head or b"\r" in head[:-1]) and len(head) < _BLOCK and (more := self._pull()):
            head += more
        if not head.strip():
            raise DatasetRefusedError("The file is empty: upload a table with a header and rows")
        if foreign := foreign_kind(head):
            raise DatasetRefusedError(f"The file is not CSV text but {foreign} and upload it again")
        self._records = RecordCounter()
        header, self._held = _split_header(head.removeprefix(BOM))
        # Bytes of the unpacked file before its rows.
        self.start = len(head) - len(self._held)
        self.columns = columns_of(header, case, wanted, unlabelled=unlabelled)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    @property
    def records(self) -> int:
        """How many rows there are, by a count of our own; complete once `read` has answered with nothing."""
        return self._records.count

    @property
    def complete(self) -> tuple[int, int]:
        """How many rows have ended in what was read so far, and their bytes behind the header."""
        return self._records.complete

    @property
    def version(self) -> str:
        """The name of the dataset version: as much of the digest as a person can compare."""
        return self.digest[:16]

    def read(self, size: int = _BLOCK) -> bytes:
        """The next bytes, at most a little more than `size`; none at the end.

        Newlines are held back until something follows them: at the end of a file they are no rows.
        """
        try:
            newlines = [b""]  # joined once: a file may end with megabytes of them
            while block := self._held + self._pull(size):
                rows, self._held = block.rstrip(b"\r\n"), b""
                if rows:
                    self._held = block[len(rows) :]
                    rows = b"".join([*newlines, rows])
                    self._records.add(rows)
                    return rows
                newlines.append(block)
            self._records.end()
            return b""
        except Exception as error:
            self.failure = error
            raise

    def _pull(self, size: int = _BLOCK) -> bytes:
        block = self._source.read(size)
        self._digest.update(block)
        return block


def _split_header(head: bytes) -> tuple[str, bytes]:
    end = _NEWLINE.search(head)
    line, rest = (head[: end.start()], head[end.end() :]) if end else (head, b"")
    try:
        return line.decode(), rest
    except UnicodeDecodeError:
        raise DatasetRefusedError("The header is not UTF-8: save the file as UTF-8 and upload it again") from None
