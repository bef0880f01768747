"""The content of an upload, in whatever portions it arrives."""

from hashlib import sha256
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from titanic.csv_content import CsvContent
from titanic.errors import DatasetRefusedError, StoreUnavailableError
from titanic.validation import COLUMNS

HEADER = ",".join(column.name for column in COLUMNS).encode()


class Portions:
    """A source that answers with as little as it likes."""

    def __init__(self, body: bytes, portion: int) -> None:
        self._body, self._portion = BytesIO(body), portion

    def read(self, size: int, /) -> bytes:
        return self._body.read(min(size, self._portion))


@given(
    st.binary(max_size=300) | st.text("1,\r\n", max_size=80).map(str.encode),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.booleans(),
    st.integers(1, 200),
)
@example(rows=b"1", newline=b"\r\n", bom=True, portion=1)
def test_rows_and_version_do_not_depend_on_portions(rows: bytes, newline: bytes, bom: bool, portion: int) -> None:
    if newline == b"\r" and rows.startswith(b"\n"):
        rows = rows.lstrip(b"\n")
    body = (b"\xef\xbb\xbf" if bom else b"") + HEADER + newline + rows

    content = CsvContent(Portions(body, portion))

    assert content.columns == HEADER.decode().split(",")
    assert b"".join(iter(lambda: content.read(portion), b"")) == rows.rstrip(b"\r\n")
    assert content.read() == b""
    assert content.version == sha256(body).hexdigest()[:16]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "empty"),
        (b"\r\n\n", "empty"),
        (b"\x1f\x8b\x08\0", "gzip archive: unpack it"),
        (b"PK\x03\x04...", "workbook"),
        ("PassengerId".encode("utf-16"), "UTF-16: save it as UTF-8"),
        (b"Name,\xe9\n", "header is not UTF-8"),
        (b"x" * 200_000, "Missing column"),
    ],
    ids=["nothing", "line ends", "gzip", "zip", "UTF-16", "latin-1", "no line end"],
)
def test_what_is_no_csv_is_refused_at_once(body: bytes, complaint: str) -> None:
    with pytest.raises(DatasetRefusedError, match=complaint):
        CsvContent(BytesIO(body))


def test_a_failure_of_the_source_is_kept() -> None:
    class Broken(Portions):
        def read(self, size: int, /) -> bytes:
            return super().read(size) or self._fail()

        def _fail(self) -> bytes:
            raise StoreUnavailableError("away")

    content = CsvContent(Broken(HEADER + b"\n1", 1 << 16))
    with pytest.raises(StoreUnavailableError) as raised:
        content.read()
    assert content.failure is raised.value
