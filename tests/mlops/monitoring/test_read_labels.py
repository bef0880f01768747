"""Label files: outcomes that come as a CSV."""

import json
from collections.abc import Callable
from dataclasses import replace
from gzip import compress
from typing import Any
from uuid import UUID

import pytest

from fakes.object_store import MemoryObjectStore
from fakes.prediction_history import MemoryPredictionHistory
from mlops.monitoring.read_labels import PORTION, read_labels
from mlops.serving import prediction_id
from mlops.use_case import Label, UseCase
from titanic import USE_CASE


class World:
    """Drained predictions, and files about them."""

    def __init__(self, case: UseCase = USE_CASE) -> None:
        self.case, self.objects = case, MemoryObjectStore()
        self.history = MemoryPredictionHistory(case.label.key)

    def predicted(self, *names: str) -> None:
        self.history.keep([{"prediction_id": name} for name in names])

    def upload(self, name: str, body: bytes) -> None:
        self.objects.put("data", f"labels/{name}", body, "text/csv")

    def read(self) -> dict[str, Any]:
        return read_labels(self.case, self.objects, "data", self.history)

    def told(self) -> list[tuple[str, int]]:
        known = self.history.predictions.items()
        return [(name, each["outcome"]) for name, each in known if each["outcome"] is not None]


@pytest.fixture
def world() -> World:
    return World()


def test_each_row_is_told_once(world: World) -> None:
    world.predicted("a", "b", "c")
    world.upload("monday.csv", b"\xef\xbb\xbfprediction_id,survived\r\na,1\r\nb,0\r\nnone,1\r\nc,maybe\r\n")

    assert world.read() == {"monday.csv": {"told": 2, "unknown": 1, "bad": 1}}
    assert world.read() == {}
    assert world.told() == [("a", 1), ("b", 0)]
    (report,) = world.objects.keys("data", "labels-read/monday.csv.")
    assert json.loads(world.objects.get("data", report)[0])["told"] == 2


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
    there = list(world.objects.listed("data", "labels/"))
    listed = [*there, replace(there[0], key="labels/zz-gone.csv")]
    monkeypatch.setattr(world.objects, "listed", lambda _, prefix: iter(listed if prefix == "labels/" else []))

    assert world.read() == {"there.csv": {"told": 1}}


@pytest.mark.parametrize("body", [b"", b"id,outcome\na,1\n", b"\xff\xfe\x00", b"a,1\n"])
def test_another_file_is_refused_with_the_header_it_must_have(world: World, body: bytes) -> None:
    world.upload("other.csv", body)

    ((name, answer),) = world.read().items()
    assert name == "other.csv"
    assert "prediction_id,survived" in str(answer)
    assert world.told() == []


@pytest.mark.parametrize(
    "name", ["X.CSV", "a b.Csv", "monday.csv.gz", "MONDAY.CSV.GZ", "2026/01/monday.csv", "labels.txt"]
)
def test_a_file_is_read_whatever_its_name(world: World, name: str) -> None:
    world.predicted("a")
    body = b"prediction_id,survived\na,1\n"
    world.upload(name, compress(body) if name.lower().endswith("gz") else body)
    world.upload("folder/", b"")

    assert world.read() == {name: {"told": 1}}
    assert world.read() == {}


def test_a_file_that_was_mended_under_its_name_is_read_again(world: World) -> None:
    world.predicted("a", "b")
    world.upload("monday.csv", b"id;outcome\na;1\n")
    assert "refused" in world.read()["monday.csv"]
    assert world.read() == {}

    world.upload("monday.csv", b"prediction_id,survived\na,1\n")
    assert world.read() == {"monday.csv": {"told": 1}}
    world.upload("monday.csv", b"prediction_id,survived\na,1\nb,0\n")
    assert world.read() == {"monday.csv": {"told": 2}}
    assert world.read() == {}


def test_what_an_earlier_release_read_is_read_again_only_if_it_was_written_since(world: World) -> None:
    world.predicted("a")
    for name in ("old.csv", "mended.csv"):
        world.upload(name, b"prediction_id,survived\na,1\n")
        world.objects.put("data", f"labels-read/{name}.json", b"{}", "application/json")
    world.upload("mended.csv", b"prediction_id,survived\na,0\n")

    assert world.read() == {"mended.csv": {"told": 1}}


@pytest.mark.parametrize("spelt", [str, str.upper, "{{{}}}".format, " {} ".format, '"{}"'.format])
def test_ids_are_uuids_however_they_are_written(world: World, spelt: Callable[[str], str]) -> None:
    name = prediction_id.new()
    world.predicted(name)
    world.upload("dashes.csv", f"prediction_id,survived\n{spelt(str(UUID(name)))},1\n".encode())

    assert world.read() == {"dashes.csv": {"told": 1}}
    assert world.told() == [(name, 1)]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (b'a,1\n"b,0\nc,1\n', "Line 3 cannot be read as CSV: its quote is never closed"),
        (b'a,1\n"b,0\n"c",1\n', "Line 4 has text after a quote that ended a cell"),
        (b'a,1\nb",0\nc,1\n', "Line 3 has a quote inside a cell"),
        (b"a,1\nb,\xe9\n", "Line 3 is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_whole_tells_nothing(world: World, rows: bytes, complaint: str) -> None:
    world.predicted("a", "b", "c")
    world.upload("broken.csv", b"prediction_id,survived\n" + rows)

    assert complaint in world.read()["broken.csv"]["refused"]
    assert world.told() == []


def test_every_row_is_accounted_for(world: World) -> None:
    world.predicted("a")
    world.upload("rows.csv", b"survived,prediction_id\n1,a\n1\n1,a,more\n\n,a\n0,b\n1,\n")

    assert world.read() == {"rows.csv": {"told": 1, "unknown": 2, "bad": 3}}


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
