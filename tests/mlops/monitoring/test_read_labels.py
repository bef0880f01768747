"""Label files: outcomes that come as a CSV."""

import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from fakes.prediction_history import MemoryPredictionHistory
from fakes.prediction_log import MemoryPredictionLog
from mlops.monitoring.read_labels import PORTION, read_labels
from mlops.use_case import Label, UseCase
from titanic import USE_CASE


class World:
    """Drained predictions, and files about them."""

    def __init__(self, case: UseCase = USE_CASE) -> None:
        self.case, self.objects, self.log = case, MemoryObjectStore(), MemoryPredictionLog()
        self.history = MemoryPredictionHistory(case.label.key)

    def predicted(self, *names: str) -> None:
        self.history.keep([{"prediction_id": name} for name in names])

    def upload(self, name: str, body: bytes) -> None:
        self.objects.put("data", f"labels/{name}", body, "text/csv")

    def read(self) -> dict[str, Any]:
        return read_labels(self.case, self.objects, "data", self.log, self.history)

    def told(self) -> list[tuple[str, int]]:
        return [
            (each.content["prediction_id"], each.content[self.case.label.key]) for each in self.log.after("", 10**6)
        ]


@pytest.fixture
def world() -> World:
    return World()


def test_each_row_is_told_once(world: World) -> None:
    world.predicted("a", "b", "c")
    world.upload("monday.csv", b"\xef\xbb\xbfprediction_id,survived\r\na,1\r\nb,0\r\nnone,1\r\nc,maybe\r\n")

    assert world.read() == {"monday.csv": {"told": 2, "unknown": 1, "bad": 1}}
    assert world.read() == {}
    assert world.told() == [("a", 1), ("b", 0)]
    assert json.loads(world.objects.get("data", "labels-read/monday.csv.json")[0])["told"] == 2


def test_a_long_file_is_read_whole_and_the_last_label_of_a_prediction_counts(world: World) -> None:
    names = [f"{number:032x}" for number in range(2 * PORTION + 7)]
    world.predicted(*names)
    rows = "".join(f"{name},1\n" for name in names)
    world.upload("long.csv", f"prediction_id,survived\n{rows}{names[-1]},0\n".encode())

    assert world.read() == {"long.csv": {"told": len(names) + 1}}
    assert dict(world.told()) == {**dict.fromkeys(names, 1), names[-1]: 0}


def test_a_file_that_was_deleted_since_it_was_listed_is_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.predicted("a")
    world.upload("there.csv", b"prediction_id,survived\na,1\n")
    listed = [*world.objects.keys("data", "labels/"), "labels/zz-gone.csv"]
    monkeypatch.setattr(world.objects, "keys", lambda _, prefix: iter(listed if prefix == "labels/" else []))

    assert world.read() == {"there.csv": {"told": 1}}


@pytest.mark.parametrize("body", [b"", b"id,outcome\na,1\n", b"\xff\xfe\x00", b"a,1\n"])
def test_another_file_is_refused_with_the_header_it_must_have(world: World, body: bytes) -> None:
    world.upload("other.csv", body)

    ((name, answer),) = world.read().items()
    assert name == "other.csv"
    assert "prediction_id,survived" in str(answer)
    assert world.told() == []


def test_a_file_that_is_no_csv_keeps_none_of_the_others_from_being_read(world: World) -> None:
    world.predicted("a")
    world.upload("broken.csv", b'prediction_id,survived\n"' + b"x,1\n" * 100_000)
    world.upload("whole.csv", b"prediction_id,survived\na,1\n")

    answer = world.read()
    assert "cannot be read as CSV" in answer["broken.csv"]["refused"]
    assert answer["whole.csv"] == {"told": 1}
    assert world.read() == {}


def test_labels_are_read_as_words_or_classes_under_the_key_of_the_use_case() -> None:
    world = World(replace(USE_CASE, label=Label("Churned", ("no", "yes")), learned_features=()))
    world.predicted("a", "b", "c", "d", "e")
    world.upload("words.csv", b"prediction_id,Churned\na,yes\nb,NO\nc,1\nd,0\ne,true\n")
    world.upload("other.csv", b"prediction_id,survived\na,1\n")

    answer = world.read()
    assert answer["words.csv"] == {"told": 4, "bad": 1}
    assert "prediction_id,churned" in answer["other.csv"]["refused"]
    assert world.told() == [("a", 1), ("b", 0), ("c", 1), ("d", 0)]
