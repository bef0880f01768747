"""What is fuzzed beside the API: each target takes any bytes, and raises nothing but what is documented."""

import importlib.util
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from io import BufferedReader, BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from mlops.data.cells import read_label, reader
from mlops.data.csv_content import CsvContent
from mlops.errors import InvalidInputError, ModelCorruptedError, StoreUnavailableError
from mlops.model.forest import LEAF_THRESHOLD, Forest
from mlops.model.portable import Model, dump, load
from mlops.monitoring.read_labels import _read
from mlops.stores.resp import Connection
from mlops.wiring.events import mapping, parsed
from titanic import USE_CASE

FUNCTIONS = Path(__file__).parents[2] / "functions"
LIST = Path(__file__).parents[2] / "data/titanic.csv"
FOUND = Path(__file__).parent / "found"
HEADER = ",".join(["PassengerId", "Survived", *(column.name for column in USE_CASE.kept)]).encode()
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}


def csv(data: bytes) -> None:
    """A table: counted as rows, or refused. Every other one has the right header."""
    content = BytesIO(HEADER + b"\n" + data[1:] if data[:1] < b"\x80" else data)
    with suppress(InvalidInputError):
        read = CsvContent(content, USE_CASE)
        while read.read():
            pass
        assert read.records >= 0


def cell(data: bytes) -> None:
    """One cell, as text and as JSON: a value, or a ValueError with the reason."""
    if not data:
        return
    column = USE_CASE.kept[data[0] % len(USE_CASE.kept)]
    text = data[1:].decode("utf-8", "surrogateescape")
    values: list[Any] = [text]
    with suppress(ValueError, RecursionError):
        values.append(json.loads(text))
    for value in values:
        with suppress(ValueError):
            known = dict.fromkeys(_columns()) | {column.name: reader(column)(value)}
            USE_CASE.derive({**_row(), column.name: known[column.name]})
        with suppress(ValueError):
            assert read_label(USE_CASE.label, value) in (0, 1)


def resp(data: bytes) -> None:
    """What a Redis server answers: as many replies as commands, or StoreUnavailableError."""
    connection = _Answering("redis://nowhere", 1)
    connection.answer = data
    with suppress(StoreUnavailableError):
        assert len(connection.run([("PING",), ("PING",)])) == 2


class _Answering(Connection):
    """A connection whose server has answered already, each time it is connected to."""

    answer = b""

    def _connect(self) -> None:
        self._socket, self._replies = _Nowhere(), BufferedReader(BytesIO(self.answer))  # type: ignore[assignment]


class _Nowhere:
    def sendall(self, _: bytes) -> None: ...

    def close(self) -> None: ...


def model(data: bytes) -> None:
    """A model's file: a model that scores and explains, or ModelCorruptedError."""
    with suppress(ModelCorruptedError):
        found = load(data, USE_CASE)
        (probability,) = found.probabilities([USE_CASE.derive(_row())])
        found.explanations([USE_CASE.derive(_row())])
        assert isinstance(probability, float)


def labels(data: bytes) -> None:
    """A label file: outcomes, or why it is refused."""
    head = b"prediction_id,survived\n" if data[:1] < b"\x80" else b""
    assert isinstance(_read(USE_CASE, BytesIO(head + data[1:]), _History(), "2026-01-01T00:00:00Z"), Mapping)


class _History:
    def known(self, names: Any) -> Any:
        return names

    def keep(self, *_: Any) -> int:
        return 0


def event(data: bytes) -> None:
    """An event of any function: understood, or InvalidInputError."""
    if not data:
        return
    try:
        found = json.loads(data[1:])
    except (ValueError, RecursionError):
        return
    read = list(_events().values())[data[0] % len(_events())]
    with suppress(InvalidInputError):
        read(found)


TARGETS: dict[str, Callable[[bytes], None]] = {each.__name__: each for each in (csv, cell, resp, model, labels, event)}


def seeds(target: str) -> list[bytes]:
    """Sound inputs that a fuzzer begins with."""
    lines = LIST.read_bytes().splitlines()
    match target:
        case "csv":
            return [b"\x00" + b"\n".join(lines[1:9]), b"\x80" + b"\r\n".join(lines[:9])]
        case "cell":
            samples = (b"3", b"Braund, Mr. Owen", b"male", b"22.5", b"1", b"A/5 21171", b"", b"S", b"true", b"[1]")
            return [bytes([place]) + sample for place in range(len(USE_CASE.kept)) for sample in samples]
        case "resp":
            return [b"+OK\r\n:1\r\n", b"$3\r\nabc\r\n*2\r\n$-1\r\n:7\r\n", b"-ERR no\r\n"]
        case "model":
            return [small_model()]
        case "labels":
            return [b"\x00019a0000-0000-7000-8000-000000000001,1\n", b"\x80prediction_id,survived\nabc,yes\n"]
    found = []
    for place, function in enumerate(_FUNCTIONS):
        found += [bytes([place]) + file.read_bytes() for file in (FUNCTIONS / function / "events").glob("*.json")]
    return found


@cache
def small_model() -> bytes:
    """The file of a forest of one split, over the encoder that any training set of the list makes."""
    from mlops.model.training_set import training_set

    rows = []
    readers = {column.name: reader(column) for column in USE_CASE.kept}
    import csv as tables

    with LIST.open(newline="") as file:
        for each in list(tables.DictReader(file))[:60]:
            features = USE_CASE.derive({name: read(each[name]) for name, read in readers.items()})
            row = [features[feature.name] for feature in USE_CASE.features]
            rows.append((each["PassengerId"], int(each["Survived"]), row))
    known = training_set(USE_CASE.features, rows)
    encoder, matrix = USE_CASE.encoding.fit_transform(known.features, known.labels)
    forest = Forest(
        columns=matrix.shape[1],
        depth=1,
        roots=[0],
        feature=[0, 0, 0],
        threshold=[0.5, LEAF_THRESHOLD, LEAF_THRESHOLD],
        left=[1, 1, 2],
        right=[2, 1, 2],
        value=[0.5, 0.25, 0.75],
    )
    return dump(Model(encoder, forest), USE_CASE)


def _columns() -> list[str]:
    return [column.name for column in USE_CASE.kept]


@cache
def _row() -> dict[str, Any]:
    readers = {column.name: reader(column) for column in USE_CASE.kept}
    return {name: read(ROW.get(name)) for name, read in readers.items() if name in ROW} | {
        name: None for name in readers if name not in ROW
    }


_FUNCTIONS = ("ingestion", "features", "training", "monitoring", "batch")


@cache
def _handler(function: str) -> ModuleType:
    folder = FUNCTIONS / function
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location(f"{function}_handler", folder / "handler.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(folder))


@cache
def _events() -> dict[str, Callable[[Any], Any]]:
    """How each function reads an event, up to where its work would begin."""
    ingestion, training, batch = _handler("ingestion"), _handler("training"), _handler("batch")

    def steps(module: ModuleType, name: str) -> Callable[[Any], Any]:
        def read(found: Any) -> None:
            known = mapping(found, name, "")
            for step in module.STEPS.values():
                for kind in step:
                    if isinstance(kind, type):
                        with suppress(InvalidInputError):
                            parsed(known, kind, "")

        return read

    def plain(module: ModuleType, name: str, kind: str) -> Callable[[Any], Any]:
        return lambda found: parsed(mapping(found, name, ""), getattr(module, kind), "")

    return {
        "ingestion": lambda found: ingestion._file(ingestion._decoded(found) or mapping(found, "ingestion", "")),
        "features": plain(_handler("features"), "features", "Dataset"),
        "training": steps(training, "training"),
        "monitoring": plain(_handler("monitoring"), "monitoring", "Task"),
        "batch": steps(batch, "batch"),
    }
