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
from mlops.data.csv_content import CsvContent
from mlops.data.labels import Labelled
from mlops.errors import StoreUnavailableError
from mlops.monitoring.retrain import Outward, retrain
from mlops.monitoring.retraining import Policy
from mlops.registry.versions import CARD, Registry
from titanic.passenger import LabelledPassenger, Passenger

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
POLICY = Policy(timedelta(hours=6), 2, dry_run=False)
NAMES = ("report_key", "status", "window", "performance")


def person(number: int, name: str = "", ticket: str = "T") -> Labelled:
    passenger = Passenger(3, name or f"Nobody, Mr. N{number}", "male", 1e-7, ticket=ticket, fare=7.25)
    return Labelled(LabelledPassenger(1_000_000_000 + number, number % 2, passenger), f"{number:032x}")


class World:
    """A champion on the real list, and what the workflow did to the outside."""

    def __init__(self, passenger_list: bytes) -> None:
        self.objects, self.datasets, self.retrainings = MemoryObjectStore(), MemoryDatasetStore(), MemoryRetrainings()
        self.base = self.datasets.load("s3://data/raw/titanic.csv", CsvContent(BytesIO(passenger_list)), 0.2).version
        registry = Registry(self.objects, "models")
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
        outward = Outward(lambda _, key: self.requested.append(key), self.notify)
        buckets = ("data", "models")
        return retrain(
            *(self.objects, self.datasets, self.retrainings, outward, buckets, self.policy, self.report(sustained)),
            now=lambda: self.now,
        )


@pytest.fixture
def world(passenger_list: bytes) -> World:
    return World(passenger_list)


def test_sustained_drift_and_new_fates_start_the_pipeline_on_both(world: World) -> None:
    world.retrainings.known = [person(number) for number in range(150)]

    decided = world.retrain(sustained=2)

    assert (decided.decision, decided.trigger) == ("started", "drift")
    assert world.requested == [f"labelled/{decided.dataset_version}.csv"]
    body, _ = world.objects.get("data", world.requested[0])
    assert sha256(body).hexdigest()[:16] == decided.dataset_version
    rows = list(csv.DictReader(StringIO(body.decode())))
    assert len(rows) == len({row["PassengerId"] for row in rows}) == 891 + 150
    assert (rows[-1]["Name"], rows[-1]["Age"], rows[-1]["Survived"]) == ("Nobody, Mr. N149", "0.0000001", "1")
    loaded = world.datasets.load("again", CsvContent(BytesIO(body)), 0)
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


def test_of_two_at_once_one_starts(world: World) -> None:
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


def test_a_start_that_did_not_go_out_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.retrainings.known = [person(number) for number in range(150)]

    def away(*_: object) -> None:
        raise StoreUnavailableError("EventBridge")

    outward = Outward(away, lambda *_: None)
    with pytest.raises(StoreUnavailableError):
        retrain(
            *(world.objects, world.datasets, world.retrainings, outward, ("data", "models"), POLICY, world.report(2))
        )
    assert world.retrainings.decisions == []


def test_whoever_is_on_the_list_already_is_no_news(world: World) -> None:
    known = next(iter(world.datasets.passengers(world.base))).passenger
    same = [person(1, known.name.upper(), known.ticket or ""), person(2, "A, Mr. \0B"), person(3)]

    assert labels.newly_known(world.datasets.passengers(world.base), same) == [same[2]]
