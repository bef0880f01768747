"""Files that are no CSV text are named, at the door of tables and at that of label files."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from fakes.object_store import MemoryObjectStore
from fakes.prediction_history import MemoryPredictionHistory
from mlops.data.csv_content import CsvContent
from mlops.data.header import expected
from mlops.data.rejection import DatasetRefusedError
from mlops.monitoring.read_labels import read_labels
from titanic import USE_CASE

TEXT = ",".join(expected(USE_CASE)) + "\n1,0,3,A,male,22,0,0,,,,\n"


def archive(kind: str) -> bytes:
    body = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(body, "w") as zipped:
            zipped.writestr("a.csv", TEXT)
    else:
        with tarfile.open(fileobj=body, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("a.csv"))
    return body.getvalue()


FOREIGN = {
    "workbook (.xlsx) or zip": archive("zip"),
    "workbook (.xls)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100,
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16: save": TEXT.encode("utf-16-be"),
    "UTF-16: save it": TEXT.encode("utf-16-le"),
    "UTF-32": TEXT.encode("utf-32"),
    "UTF-32: save": TEXT.encode("utf-32-be"),
    "UTF-32: save it": b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"),
    "xz": lzma.compress(TEXT.encode()),
    "bzip2": bz2.compress(TEXT.encode()),
    "Zstandard": b"\x28\xb5\x2f\xfd\x04\x58\xe1\x00",
    "gzip twice": gzip.compress(gzip.compress(TEXT.encode())),
    "tar archive": archive("tar"),
    "tar": gzip.compress(archive("tar")),
    "7-Zip or RAR": b"7z\xbc\xaf\x27\x1c\0\4",
    "Parquet": b"PAR1\x15\x04\x15\x10",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "SQLite": b"SQLite format 3\0",
    "pickle": b"\x80\x04\x95\x10",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff\xe0",
    "PDF": b"%PDF-1.7\n",
    "Git LFS pointer: run `git lfs pull`": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 61194\n",
    "web page (HTML)": b"\r\n<!DOCTYPE html>\n<html><head>",
    "web page": b"\xef\xbb\xbf<HTML>",
    "XML": b'<?xml version="1.0"?>\n<rows>',
    "JSON": b'[\n  {"PassengerId": 1}\n]',
    "JSON: save": b'{"PassengerId": [1, 2]}',
}


@pytest.mark.parametrize(("kind", "body"), FOREIGN.items(), ids=list(FOREIGN))
def test_a_foreign_file_is_named_at_every_door(kind: str, body: bytes) -> None:
    with pytest.raises(DatasetRefusedError) as refused:
        CsvContent(io.BytesIO(body), USE_CASE)
    objects = MemoryObjectStore()
    objects.put("data", "labels/monday.csv", body, "text/csv")
    labels = read_labels(USE_CASE, objects, "data", MemoryPredictionHistory())

    for told in (str(refused.value), labels["monday.csv"]["refused"]):
        assert kind in told
        assert "upload it again" in told


@pytest.mark.parametrize(
    "name", ["PAR1", "ORC", "#", "GIF", "Rar", "<18", "[id]", "{id}", "version", "BZh", "Obj", "é"]
)
def test_a_name_that_begins_alike_is_a_name(name: str) -> None:
    with pytest.raises(DatasetRefusedError, match="Missing column"):
        CsvContent(io.BytesIO(f"{name},Age\n".encode()), USE_CASE)
