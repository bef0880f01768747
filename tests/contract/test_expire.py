"""Retention on the real stores: what is too old or too many goes, what the champion or a decision needs stays."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import redis

from mlops.data.csv_content import CsvContent
from mlops.data.objects import ObjectStore
from mlops.errors import DatasetNotFoundError, StoreUnavailableError
from mlops.features.stores import FeatureRow
from mlops.monitoring import expire as expire_module
from mlops.monitoring.expire import Retention, expire
from mlops.monitoring.retraining import Retraining
from mlops.registry.decisions import ModelDecision
from mlops.registry.versions import CARD, CHAMPION, Registry
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.decision_log import PostgresDecisionLog
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.retrainings import PostgresRetrainings
from mlops.stores.telemetry import RedisTelemetry
from mlops.telemetry import metrics
from titanic import USE_CASE as CASE

pytestmark = pytest.mark.one_engine
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEADER = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
FILES = ("quarantine/{}.jsonl", "quality/{}.json", "labelled/{}.csv", "labelled/{}.json")


@dataclass
class World:
    """Stores with six models, each trained on a dataset of its own; the oldest is number 0."""

    objects: ObjectStore
    bucket: str
    database: Database
    telemetry: RedisTelemetry
    models: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    days: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def __post_init__(self) -> None:
        self.store = PostgresDatasetStore(self.database, CASE)
        self.offline = PostgresOfflineStore(self.database, CASE)
        self.decisions = PostgresDecisionLog(self.database)
        self.retrainings = PostgresRetrainings(self.database, CASE)
        self.registry = Registry(self.objects, self.bucket, CASE, lambda: NOW + timedelta(days=next(self.days)))
        for number in range(6):
            self.train(number)

    def train(self, number: int) -> None:
        rows = [f"{row},1,3,A{number},female,4,1,1,P,16,G6,S" for row in range(1, 6)]
        body = "\n".join([HEADER, *rows, "6,1,9,bad,female,4,1,1,P,16,G6,S"]).encode()
        dataset = self.store.load("here", CsvContent(BytesIO(body), CASE), 0.5).version
        loaded = list(self.store.rows(dataset))
        features = (FeatureRow(each.row_id, each.label, CASE.derive(each.row)) for each in loaded)
        self.offline.write(dataset, CASE.schema_hash, features)
        for name in FILES:
            self.objects.put(self.bucket, name.format(dataset), b"{}", "application/json")
        model = self.registry.publish({CARD: json.dumps({"dataset_version": dataset}).encode()})
        self.telemetry.record_once(model, metrics.predictions([0.1, 0.9], model))
        self.datasets.append(dataset)
        self.models.append(model)

    batches = timedelta(days=90)

    def expire(self, models: int = 2, datasets: int = 1) -> dict[str, int]:
        retention = Retention(timedelta(days=90), self.batches, models, datasets)
        made_with = (self.registry, self.bucket, self.store, self.decisions, self.retrainings, self.telemetry)
        return expire(*made_with, retention, lambda: NOW)

    def listed(self) -> list[int]:
        return sorted(self.models.index(version) for version, _ in self.registry.reader.versions())

    def tables(self) -> list[int]:
        """The datasets that are there, whole; whatever there is of any other is a fault."""
        found = []
        for number, version in enumerate(self.datasets):
            files = [name.format(version) in set(self.objects.keys(self.bucket, "")) for name in FILES]
            counts = [self.count("rejected_cells", version), self.count("feature_rows", version)]
            try:
                rows = len(list(self.store.rows(version)))
            except DatasetNotFoundError:
                assert (any(files), counts, self.partition(version)) == (False, [0, 0], False), number
            else:
                assert (all(files), counts, rows) == (True, [1, 5], 5), number
                found.append(number)
        return found

    def count(self, table: str, version: str) -> Any:
        query = f"SELECT count(*) FROM {table} WHERE dataset_version = %s"
        return self.database.rows(query, (version,))[0][0]

    def partition(self, version: str) -> bool:
        name = f"rows_{CASE.table_hash}_{version}"
        return bool(self.database.rows("SELECT 1 FROM pg_class WHERE relname = %s", (name,)))

    def counted(self) -> list[int]:
        versions = {name.split("|")[1] for name in self.telemetry.totals()}
        return sorted(map(self.models.index, versions))


@pytest.fixture
def world(objects: ObjectStore, bucket: str, database: Database, valkey: "redis.Redis", redis_url: str) -> World:
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE decisions, retrainings")
    for key in list(objects.keys(bucket, "")):
        objects.delete(bucket, key)
    return World(objects, bucket, database, RedisTelemetry(redis_url))


def test_deleting_is_idempotent(objects: ObjectStore, bucket: str) -> None:
    objects.put(bucket, "to/delete", b"", "text/plain")
    for _ in range(2):
        objects.delete(bucket, "to/delete")
    with pytest.raises(KeyError):
        objects.get(bucket, "to/delete")


def test_the_champion_its_predecessors_and_the_newest_stay(world: World) -> None:
    """Number 0 serves, instead of 1, as the pointer says; an earlier decision says instead of 2."""
    one, two = world.models[1], world.models[2]
    world.registry.set_champion(one, "first", None)
    world.registry.set_champion(world.models[0], "then", world.registry.reader.champion())
    about = (NOW.isoformat(), world.models[0], "promoted", "earlier", world.models[0], two)
    world.decisions.record(ModelDecision(*about, {}))

    assert world.expire() == {
        "reports": 0,
        "models": 1,
        "datasets": 1,
        "totals": 2,
        "batch_files": 0,
        "training_files": 0,
    }
    assert world.listed() == world.tables() == world.counted() == [0, 1, 2, 4, 5]
    assert world.expire() == {
        "reports": 0,
        "models": 0,
        "datasets": 0,
        "totals": 0,
        "batch_files": 0,
        "training_files": 0,
    }
    assert world.listed() == world.tables() == world.counted() == [0, 1, 2, 4, 5]


def test_every_version_that_the_pointer_names_stays(world: World) -> None:
    pointer = {"version": world.models[1], "previous": world.models[0]}
    world.objects.put(world.bucket, CHAMPION, json.dumps(pointer).encode(), "application/json")

    world.expire(models=1)
    assert world.listed() == world.tables() == [0, 1, 5]


def test_the_newest_datasets_stay_without_a_model(world: World) -> None:
    world.expire(models=1, datasets=3)

    assert world.listed() == [5]
    assert world.tables() == [3, 4, 5]


def test_nothing_is_dropped_below_the_figures(world: World) -> None:
    assert world.expire(models=6, datasets=6) == {
        "reports": 0,
        "models": 0,
        "datasets": 0,
        "totals": 0,
        "batch_files": 0,
        "training_files": 0,
    }
    assert world.listed() == world.tables() == world.counted() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("calls", [0, 4, 9])
def test_what_is_broken_off_is_completed_by_the_next(world: World, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    world.registry.set_champion(world.models[0], "only", None)
    left, delete = iter(range(calls)), world.objects.delete

    def until_away(bucket: str, key: str) -> None:
        if next(left, None) is None:
            raise StoreUnavailableError("S3 is away")
        delete(bucket, key)

    with monkeypatch.context() as broken:
        broken.setattr(world.objects, "delete", until_away)
        with pytest.raises(StoreUnavailableError):
            world.expire()
    world.expire()

    assert world.listed() == world.tables() == world.counted() == [0, 4, 5]


def test_a_version_that_became_champion_meanwhile_is_not_dropped(world: World) -> None:
    world.registry.set_champion(world.models[0], "by hand", None)
    world.registry.drop(world.models[0])

    assert world.models[0] in dict(world.registry.reader.versions())


def test_a_card_that_cannot_be_read_keeps_nothing_from_expiring(world: World) -> None:
    world.objects.put(world.bucket, f"models/{world.models[5]}/{CARD}", b"damaged", "application/json")

    assert world.expire()["models"] == 4


def decided(days: int, decision: Any, report: str) -> Callable[[Any], Retraining]:
    at = NOW - timedelta(days=days)
    return lambda _: Retraining(at, decision, "drift", "why", False, evidence={"report_key": report})


def test_old_reports_go_but_those_that_a_retraining_rests_on(world: World) -> None:
    def report(days: int) -> str:
        return f"drift/{NOW - timedelta(days=days):%Y%m%dT%H%M%S.%f}Z.json"

    for days in (1, 89, 91, 200, 300):
        world.objects.put(world.bucket, report(days), b"{}", "application/json")
    world.objects.put(world.bucket, "drift/latest.json", b"{}", "application/json")
    for days, decision in ((300, "started"), (200, "held"), (89, "held")):
        world.retrainings.decide(decided(days, decision, report(days)), 10)

    assert world.expire(6, 6)["reports"] == 2
    left = {report(300), report(89), report(1), "drift/latest.json"}
    assert set(world.objects.keys(world.bucket, "drift/")) == left
    assert [each.decision for each in world.retrainings.recent(10)] == ["held", "started"]


def test_scored_files_are_dropped_when_they_are_older_than_predictions_are_kept(world: World) -> None:
    kept, dropped = "raw/list.csv", ("batches/0123/parts/part-00000.csv", "batches/0123/manifest.json", "scoring/a.csv")
    for name in (kept, *dropped):
        world.objects.put(world.bucket, name, b"", "text/csv")
    world.batches = NOW - datetime.now(UTC) + timedelta(minutes=5)  # written a moment ago, which is younger
    assert world.expire()["batch_files"] == 0
    world.batches = NOW - datetime.now(UTC) - timedelta(minutes=5)
    assert world.expire()["batch_files"] == len(dropped)
    assert set(world.objects.keys(world.bucket, "")) & {kept, *dropped} == {kept}


def test_what_a_run_left_for_its_steps_is_dropped_when_no_run_can_need_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "training/0123-4567/matrix.npz"
    world.objects.put(world.bucket, key, b"", "application/zip")
    age = NOW - datetime.now(UTC)  # of what was written a moment ago
    monkeypatch.setattr(expire_module, "UNFINISHED_FOR", age + timedelta(minutes=5))
    assert world.expire()["training_files"] == 0
    monkeypatch.setattr(expire_module, "UNFINISHED_FOR", age - timedelta(minutes=5))
    assert world.expire()["training_files"] == 1
    assert key not in set(world.objects.keys(world.bucket, ""))
