"""Label files: outcomes that come as a CSV."""

import json

import pytest

from fakes.object_store import MemoryObjectStore
from titanic.errors import PredictionNotFoundError
from titanic.workflows.read_labels import read_labels


@pytest.fixture
def told() -> list[tuple[str, int]]:
    return []


def read(objects: MemoryObjectStore, told: list[tuple[str, int]]) -> dict[str, object]:
    def tell(prediction_id: str, survived: int) -> None:
        if prediction_id == "none":
            raise PredictionNotFoundError("none")
        told.append((prediction_id, survived))

    return read_labels(objects, "data", tell)


def test_each_row_is_told_once(told: list[tuple[str, int]]) -> None:
    objects = MemoryObjectStore()
    body = "\ufeffprediction_id,survived\r\na,1\r\nb,0\r\nnone,1\r\nc,maybe\r\n"
    objects.put("data", "labels/monday.csv", body.encode(), "text/csv")

    assert read(objects, told) == {"monday.csv": {"told": 2, "unknown": 1, "bad": 1}}
    assert read(objects, told) == {}
    assert told == [("a", 1), ("b", 0)]
    assert json.loads(objects.get("data", "labels-read/monday.csv.json")[0])["told"] == 2


@pytest.mark.parametrize("body", [b"", b"id,fate\na,1\n", b"\xff\xfe\x00", b"a,1\n"])
def test_another_file_is_refused_with_the_header_it_must_have(told: list[tuple[str, int]], body: bytes) -> None:
    objects = MemoryObjectStore()
    objects.put("data", "labels/other.csv", body, "text/csv")

    ((name, answer),) = read(objects, told).items()
    assert name == "other.csv"
    assert "prediction_id,survived" in str(answer)
    assert told == []
