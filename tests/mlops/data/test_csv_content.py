"""The content of an upload, in whatever portions it arrives."""

from collections.abc import Callable
from gzip import compress
from hashlib import sha256
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlops.data.csv_content import CsvContent
from mlops.data.header import expected
from mlops.data.rejection import DatasetRefusedError
from mlops.errors import StoreUnavailableError
from titanic import USE_CASE

HEADER = ",".join(expected(USE_CASE)).encode()


class Portions:
    """A source that answers with as little as it likes."""

    def __init__(self, body: bytes, portion: int) -> None:
        self._body, self._portion = BytesIO(body), portion

    def read(self, size: int, /) -> bytes:
        return self._body.read(min(size, self._portion))


@given(
    # Quotes and the mark that ends a file are tests/mlops/data/test_records.py's.
    st.binary(max_size=300).map(lambda rows: rows.translate(None, b'"\\'))
    | st.text("1,\r\n", max_size=80).map(str.encode),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.booleans(),
    st.integers(1, 200),
    st.sampled_from([bytes, compress, lambda body: compress(body[:50]) + compress(body[50:])]),
)
@example(rows=b"1", newline=b"\r\n", bom=True, portion=1, pack=bytes)
@example(rows=b"1", newline=b"\n", bom=True, portion=1, pack=compress)
def test_rows_and_version_do_not_depend_on_portions_or_packing(
    rows: bytes, newline: bytes, bom: bool, portion: int, pack: Callable[[bytes], bytes]
) -> None:
    if newline == b"\r" and rows.startswith(b"\n"):
        rows = rows.lstrip(b"\n")
    body = (b"\xef\xbb\xbf" if bom else b"") + HEADER + newline + rows

    content = CsvContent(Portions(pack(body), portion), USE_CASE)

    assert content.columns == HEADER.decode().split(",")
    assert b"".join(iter(lambda: content.read(portion), b"")) == rows.rstrip(b"\r\n")
    assert content.read() == b""
    assert content.digest == sha256(body).hexdigest()
    assert content.digest.startswith(content.version)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "empty"),
        (b"\r\n\n", "empty"),
        (b"\x1f\x8b\x08\0", "cut short: upload it again, whole"),
        (b"\x1f\x8bnothing of the kind", "archive is damaged"),
        (b"PK\x03\x04...", "workbook"),
        ("PassengerId".encode("utf-16"), "UTF-16: save it as UTF-8"),
        (b"Name,\xe9\n", "header is not UTF-8"),
        (b"x" * 200_000, "Missing column"),
    ],
    ids=["nothing", "line ends", "gzip cut", "no gzip", "zip", "UTF-16", "latin-1", "no line end"],
)
def test_a_file_that_is_not_csv_is_refused_at_once(body: bytes, complaint: str) -> None:
    with pytest.raises(DatasetRefusedError, match=complaint):
        CsvContent(BytesIO(body), USE_CASE)


def test_a_failure_of_the_source_is_kept() -> None:
    class Broken(Portions):
        def read(self, size: int, /) -> bytes:
            return super().read(size) or self._fail()

        def _fail(self) -> bytes:
            raise StoreUnavailableError("away")

    content = CsvContent(Broken(HEADER + b"\n1", 1 << 16), USE_CASE)
    with pytest.raises(StoreUnavailableError) as raised:
        content.read()
    assert content.failure is raised.value


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda packed: packed[:-9], "cut short"),
        (lambda packed: packed[: len(packed) // 2], "cut short"),
        (lambda packed: packed[:-8] + b"12345678", "damaged"),
    ],
    ids=["no trailer", "half", "checksum"],
)
def test_a_damaged_archive_is_refused_where_the_damage_is_found(
    spoil: Callable[[bytes], bytes], complaint: str
) -> None:
    rows = b"".join(b"%d\n" % (number**5) for number in range(100_000))
    content = CsvContent(BytesIO(spoil(compress(HEADER + b"\n" + rows))), USE_CASE)

    with pytest.raises(DatasetRefusedError, match=complaint) as raised:
        list(iter(content.read, b""))
    assert content.failure is raised.value


def test_an_archive_is_unpacked_in_portions_however_small_it_was_packed() -> None:
    content = CsvContent(BytesIO(compress(HEADER + b"\n" + b"1" * 50_000_000)), USE_CASE)

    assert max(map(len, iter(content.read, b""))) <= 1 << 17


def test_a_long_tail_of_newlines_is_read_in_a_moment() -> None:
    """Joined block by block it took half a minute: the source is asked once for each block, and nothing is copied."""
    source = Portions(HEADER + b"\n1" + b"\n" * (8 << 20), 1 << 10)
    content = CsvContent(source, USE_CASE)

    with pytest.MonkeyPatch.context() as patch:
        copied: list[int] = []
        patch.setattr("mlops.data.records.RecordCounter.add", lambda _, block: copied.append(len(block)))
        assert content.read() == b"1"
        assert content.read() == b""
    assert sum(copied) == 1
