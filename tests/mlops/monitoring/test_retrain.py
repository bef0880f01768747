"""Retrain, on stores in memory: what becomes of evidence."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any

import pytest

from fakes.dataset_store import MemoryDatasetStore
from fakes.object_store import MemoryObjectStore
from fakes.retrainings import MemoryRetrainings
from mlops.data import labels
from mlops.data.cells import reader
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import LabelledRow
from mlops.data.labels import Labelled
from mlops.errors import StoreUnavailableError
from mlops.monitoring.retrain import Outward, retrain
from mlops.monitoring.retraining import Policy
from mlops.registry.versions import CARD, Registry
from mlops.use_case import Column, UseCase
from passengers import passenger
from titanic import USE_CASE

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
POLICY = Policy(timedelta(hours=6), 2, dry_run=False)
NAMES = ("report_key", "status", "window", "performance")


def person(number: int, name: str = "", ticket: str = "T") -> Labelled:
    row = passenger(3, name or f"Nobody, Mr. N{number}", "male", Age=1e-7, Ticket=ticket, Fare=7.25)
    return Labelled(LabelledRow(str(1_000_000_000 + number), number % 2, row), f"{number:032x}")


class World:
    """A champion of the passenger list, and what retraining did to the outside."""

    def __init__(self, passenger_list: bytes) -> None:
        self.objects, self.datasets = MemoryObjectStore(), MemoryDatasetStore(USE_CASE)
        self.retrainings = MemoryRetrainings()
        self.base = self.datasets.load(
            "s3://data/raw/titanic.csv", CsvContent(BytesIO(passenger_list), USE_CASE), 0.2
        ).version
        registry = Registry(self.objects, "models", USE_CASE)
        self.registry = registry.reader
        self.version = registry.publish({CARD: json.dumps({"dataset_version": self.base}).encode()})
        self.requested: list[str] = []
        self.notified: list[str] = []
        self.notify: Callable[[str, str], None] = lambda _, words: self.notified.append(words)
        self.now = NOW
        self.policy = POLICY

    def report(self, sustained: int) -> dict[str, Any]:
        age = {"name": "age", "psi": 0.4, "status": "drift" if sustained else "ok"}
        score = {"name": "probability", "psi": 0, "status": "ok"}
        about = {**dict.fromkeys(NAMES), "model_version": self.version, "sustained": sustained}
        return {**about, "features": [age], "prediction": score}

    def retrain(self, sustained: int) -> Any:
        return self.retrain_by(Outward(lambda _, key: self.requested.append(key), self.notify), sustained)

    def retrain_by(self, outward: Outward, sustained: int) -> Any:
        stores = self.registry, self.objects, self.datasets, self.retrainings
        return retrain(*stores, outward, "data", self.policy, self.report(sustained), now=lambda: self.now)


@pytest.fixture
def world(passenger_list: bytes) -> World:
    return World(passenger_list)


def test_sustained_drift_and_new_labels_start_the_pipeline_on_both(world: World) -> None:
    world.retrainings.known = [person(number) for number in range(150)]

    decided = world.retrain(sustained=2)

    assert (decided.decision, decided.trigger) == ("started", "drift")
    assert world.requested == [f"labelled/{decided.dataset_version}.csv"]
    body, _ = world.objects.get("data", world.requested[0])
    assert sha256(body).hexdigest()[:16] == decided.dataset_version
    rows = list(csv.DictReader(StringIO(body.decode())))
    assert len(rows) == len({row["PassengerId"] for row in rows}) == 891 + 150
    assert (rows[-1]["Name"], rows[-1]["Age"], rows[-1]["Survived"]) == ("Nobody, Mr. N149", "1e-07", "1")
    loaded = world.datasets.load("again", CsvContent(BytesIO(body), USE_CASE), 0)
    assert (loaded.version, loaded.rows) == (decided.dataset_version, 1041)
    provenance = json.loads(world.objects.get("data", f"labelled/{decided.dataset_version}.json")[0])
    assert provenance["base"] == world.base
    assert provenance["predictions"]["1000000149"] == f"{149:032x}"
    assert decided.evidence["psi"] == {"age": 0.4, "probability": 0}
    assert decided.evidence["new_labels"] == 150
    (words,) = world.notified
    assert "age drifts for 2 windows in a row" in words


def test_a_start_that_nobody_could_be_told_of_is_a_start(world: World) -> None:
    world.retrainings.known = [person(number) for number in range(150)]

    def away(*_: str) -> None:
        raise StoreUnavailableError("SNS does not answer")

    world.notify = away
    assert world.retrain(sustained=2).decision == "started"
    assert [each.decision for each in world.retrainings.decisions] == ["started"]


def test_what_was_tried_is_not_tried_again(world: World) -> None:
    world.retrainings.known = [person(number) for number in range(150)]
    world.retrain(sustained=2)
    world.now += timedelta(days=3)

    again = world.retrain(sustained=5)
    assert (again.decision, again.evidence["new_labels"]) == ("held", 0)
    assert "same data" in again.reason

    world.retrainings.known += [person(number) for number in range(200, 300)]
    assert world.retrain(sustained=6).decision == "started"
    assert len(world.requested) == 2


def test_of_several_in_a_row_one_starts(world: World) -> None:
    world.retrainings.known = [person(number) for number in range(150)]

    assert [world.retrain(sustained=2).decision for _ in range(3)] == ["started", "held", "held"]
    assert len(world.requested) == len(world.notified) == 1
    assert len(world.retrainings.decisions) == 3


def test_a_dry_run_touches_nothing_outside_and_says_what_it_would_do(world: World) -> None:
    world.policy = replace(POLICY, dry_run=True)
    world.retrainings.known = [person(number) for number in range(150)]

    decided = world.retrain(sustained=2)

    assert (decided.decision, decided.dry_run, world.requested) == ("started", True, [])
    assert not list(world.objects.keys("data", ""))
    assert "dry run" in world.notified[0]
    world.policy = POLICY
    assert world.retrain(sustained=2).decision == "started"


def test_a_start_that_could_not_be_requested_is_not_recorded(world: World) -> None:
    world.retrainings.known = [person(number) for number in range(150)]

    def away(*_: object) -> None:
        raise StoreUnavailableError("EventBridge")

    with pytest.raises(StoreUnavailableError):
        world.retrain_by(Outward(away, lambda *_: None), sustained=2)
    assert world.retrainings.decisions == []


def test_rows_that_are_in_the_table_already_are_not_new(world: World) -> None:
    """A passenger is known by name and ticket, whatever else was asked about them."""
    base = list(world.datasets.rows(world.base))
    known = base[0].row
    same = [person(1, str(known["Name"]).upper(), str(known["Ticket"])), person(2, "A, Mr. \0B"), person(3)]

    assert labels.newly_known(USE_CASE, base, same) == [same[2]]


# What the machinery makes of a use case without a rule of identity of its own, with an id and without.
BY_ID = replace(USE_CASE, identity=None, id=Column("PassengerId", "text"))
NO_ID = replace(USE_CASE, identity=None, id=None)


def labelled(row_id: str, name: str) -> Labelled:
    return Labelled(LabelledRow(row_id, 1, passenger(3, name)), row_id * 32)


@pytest.mark.parametrize(
    ("case", "row_id", "name", "is_new"),
    [
        pytest.param(BY_ID, "1", "Another", False, id="an id that is in the table"),
        pytest.param(BY_ID, "2", "Known", False, id="another id, the same content"),
        pytest.param(BY_ID, "2", "Another", True, id="another id and content"),
        pytest.param(NO_ID, "1", "Another", True, id="without an id column its number says nothing"),
        pytest.param(NO_ID, "2", "Known", False, id="without an id column the content counts"),
    ],
)
def test_a_row_is_known_by_its_id_or_by_its_content(case: UseCase, row_id: str, name: str, is_new: bool) -> None:
    base = [LabelledRow("1", 0, passenger(3, "Known"))]
    asked = labelled(row_id, name)

    assert labels.newly_known(case, base, [asked]) == [asked] * is_new


def test_a_table_without_an_id_is_written_without_one_and_labels_by_their_words() -> None:
    case = replace(NO_ID, label=replace(NO_ID.label, values=("no", "yes")))

    header, row = labels.as_csv(case, [labelled("1", 'O"Neill, Mr. A').row]).decode().splitlines()
    assert header == "Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
    assert row == 'yes,3,"O""Neill, Mr. A",male,,0,0,,,,'


@pytest.mark.parametrize("value", [1e-7, 1.5, 1e22, 1 / 3, 5e-324, 9e99, 0.1 + 0.2])
def test_a_written_number_is_one_that_is_read_again(value: float) -> None:
    row = LabelledRow("1", 1, passenger(3, "A, Mr. B", Fare=value))
    column = Column("Fare", "decimal")

    (written,) = csv.DictReader(StringIO(labels.as_csv(USE_CASE, [row]).decode()))
    assert reader(column)(written["Fare"]) == pytest.approx(value, rel=1e-9, abs=1e-30)


@pytest.mark.parametrize(("value", "written"), [(1.8e300, "9e+99"), (-1.8e300, "-9e+99")])
def test_a_number_that_no_cell_can_spell_is_written_as_the_largest(value: float, written: str) -> None:
    row = LabelledRow("1", 1, passenger(3, "A, Mr. B", Fare=value))

    (read,) = csv.DictReader(StringIO(labels.as_csv(USE_CASE, [row]).decode()))
    assert read["Fare"] == written
