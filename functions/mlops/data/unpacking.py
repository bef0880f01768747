"""Unpacking of an upload on the fly: the same table is the same dataset, packed or not."""

import zlib
from gzip import BadGzipFile, GzipFile
from typing import IO, Protocol, cast

from mlops.data.rejection import DatasetRefusedError

GZIP = b"\x1f\x8b"


class Readable(Protocol):
    """All that is asked of a source: some of its next bytes, none at its end."""

    def read(self, size: int, /) -> bytes: ...


def unpacked(first: bytes, rest: Readable) -> Readable:
    """The bytes of a source whose `first` ones were read already, unpacked if they are those of gzip."""
    source = _Rejoined(first, rest)
    return _Unpacked(source) if first.startswith(GZIP) else source


class _Rejoined:
    def __init__(self, first: bytes, rest: Readable) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int, /) -> bytes:
        if not self._first:
            return self._rest.read(size)
        taken, self._first = self._first[:size], self._first[size:]
        return taken


class _Unpacked:
    """Never more than `size` bytes at once, however small they were packed; DatasetRefusedError if that is damaged."""

    def __init__(self, source: _Rejoined) -> None:
        self._file = GzipFile(fileobj=cast("IO[bytes]", source))

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except EOFError:
            raise DatasetRefusedError("The gzip archive is cut short: upload it again, whole") from None
        except (BadGzipFile, zlib.error) as error:
            raise DatasetRefusedError(f"The gzip archive is damaged ({error}): pack and upload it again") from error
