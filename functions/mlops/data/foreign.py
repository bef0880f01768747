"""Files that are no CSV text, told by how they begin."""

import re

BOM = b"\xef\xbb\xbf"
# In order: what it begins with, after byte-order mark and blanks; what it is, and the remedy.
_KINDS = tuple(
    (re.compile(beginning, re.DOTALL), what)
    for beginning, what in (
        (rb"PK\x03\x04", "a workbook (.xlsx) or zip archive: save the sheet as CSV"),
        (rb"\xd0\xcf\x11\xe0", "a workbook (.xls): save the sheet as CSV"),
        (rb"\xff\xfe\0\0|\0\0\xfe\xff|\0\0\0|[^\0]\0\0", "UTF-32: save it as UTF-8"),
        (rb"\xff\xfe|\xfe\xff|\0[^\0]|[^\0]\0", "UTF-16: save it as UTF-8"),
        (rb"\xfd7zXZ", "packed by xz: unpack it, or pack it by gzip"),
        (rb"BZh[1-9]1AY&SY", "packed by bzip2 (.bz2): unpack it, or pack it by gzip"),
        (rb"\x28\xb5\x2f\xfd", "packed by Zstandard (.zst): unpack it, or pack it by gzip"),
        (rb"\x04\x22\x4d\x18", "packed by LZ4: unpack it, or pack it by gzip"),
        (rb"\x1f\x8b", "packed by gzip twice: unpack it once"),
        (rb"7z\xbc\xaf|Rar!\x1a", "a 7-Zip or RAR archive: unpack it"),
        (rb".{257}ustar", "a tar archive: unpack it, and take its table alone"),
        (rb"PAR1(?![\w,;\t\r\n])", "Parquet: save the table as CSV"),
        (rb"ARROW1\0|Obj\x01|\x89HDF", "a table in Arrow, Avro or HDF5: save it as CSV"),
        (rb"SQLite format 3", "an SQLite database: save the table as CSV"),
        (rb"\x80[\x02-\x05]", "a pickle: save the table as CSV"),
        (rb"\x89PNG", "a picture (PNG): take the table itself"),
        (rb"\xff\xd8\xff|GIF8[79]a", "a picture (JPEG or GIF): take the table itself"),
        (rb"%PDF-", "a document (PDF): save its table as CSV"),
        (rb"\{\\rtf", "a document (RTF): save its table as CSV"),
        (rb"version https://git-lfs", "a Git LFS pointer: run `git lfs pull`"),
        (rb"(?i)<!doctype html|<html", "a web page (HTML), such as an error or a login: download the table itself"),
        (rb"<[?!a-zA-Z]", "XML: save the table as CSV"),
        (rb"\{\s*[\"}]|\[\s*[\[{\"\d-]", "JSON: save the table as CSV"),
    )
)


def foreign_kind(head: bytes) -> str | None:
    """What a file is that begins so, and what to do with it; None of what may be CSV text."""
    text = head.removeprefix(BOM).lstrip(b" \t\r\n") if head[:1] in BOM[:1] + b" \t\r\n<{[" else head
    return next((what for beginning, what in _KINDS if beginning.match(head) or beginning.match(text)), None)
