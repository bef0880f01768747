"""What every offline and every online store does with derived features."""

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetStore, DatasetVersion
from mlops.errors import DatasetNotFoundError, FeaturesIncompleteError
from mlops.features.featurize import Featurizing
from mlops.features.stores import Entity, EntityReader, FeatureRow, OfflineStore, OnlineStore
from mlops.model.training_set import TrainingSet, records
from mlops.use_case import Cell, Derived, UseCase
from passengers import PASSENGERS
from titanic import USE_CASE
from titanic.features import derive

SCHEMA = USE_CASE.schema_hash


def passenger(*cells: Cell) -> dict[str, Cell]:
    names = [column.name for column in USE_CASE.kept]
    return dict(zip(names, [*cells, *[None] * (len(names) - len(cells))], strict=True))


AWKWARD = derive(passenger(1, 'O\'Brien\\n, Mrs. "Ännä"\t\n', "female", 0.1 + 0.2, 1, 0, "A\\5 \t1", 1e-5, "\\.", None))
PLAIN = derive(passenger(3, "Braund, Mr. Owen", "male", None, 0, 0))


def dataset(version: str, later: float = 0) -> DatasetVersion:
    return DatasetVersion(version, "here", 2, 0, 1_700_000_000.25 + later, version, "s")


def put(online: OnlineStore, dataset: DatasetVersion, schema: str, rows: Iterable[tuple[str, Derived]]) -> str:
    """Stage and publish rows; the version that is online then."""
    made = [FeatureRow(row_id, 0, features) for row_id, features in rows]
    dataset = replace(dataset, rows=len(made))
    online.stage(dataset, schema, made)
    return online.publish(dataset, schema)


def rows_of(stored: TrainingSet) -> list[FeatureRow]:
    """What was read back; a whole number comes back as a float that equals it, a category as text."""
    return [
        FeatureRow(row_id, int(label), row)
        for row_id, label, row in zip(stored.ids, stored.labels, records(stored.features), strict=True)
    ]


def as_read(row: FeatureRow, case: UseCase = USE_CASE) -> FeatureRow:
    """What training reads of a row that was written."""
    texts = {feature.name for feature in case.features if feature.type in ("category", "key")}
    cells = {name: str(cell) if name in texts and cell is not None else cell for name, cell in row.features.items()}
    return FeatureRow(row.row_id, row.label, cells)


def features_of(entities: EntityReader, row_id: str) -> Derived | None:
    found = entities.get(row_id)
    return found.features if found else None


def test_offline_rows_come_back_exactly_and_in_order(offline: OfflineStore) -> None:
    rows = [FeatureRow("10", 1, PLAIN), FeatureRow("2", 1, AWKWARD), FeatureRow("1", 0, PLAIN)]

    assert offline.write("v1", SCHEMA, rows) == 3
    assert rows_of(offline.read("v1", SCHEMA)) == [as_read(row) for row in reversed(rows)]
    assert offline.count("v1", SCHEMA) == len(rows)


@pytest.mark.parametrize("awkward", ["", "a\tb", "a\\b", "\\.", "\\N", "line\nend\r", "é%s{}'\""])
def test_an_id_may_be_any_text(
    offline: OfflineStore, online: OnlineStore, entities: EntityReader, awkward: str
) -> None:
    offline.write("v1", SCHEMA, [FeatureRow(awkward, 1, PLAIN)])
    put(online, dataset("v1"), SCHEMA, [(awkward, PLAIN)])

    assert offline.read("v1", SCHEMA).ids == [awkward]
    assert features_of(entities, awkward) == PLAIN


def test_online_is_offline_is_recomputed_for_every_passenger(
    case: UseCase,
    datasets: DatasetStore,
    offline: OfflineStore,
    online: OnlineStore,
    entities: EntityReader,
    passenger_list: bytes,
) -> None:
    version = datasets.load("here", CsvContent(BytesIO(passenger_list), case), 0).version

    Featurizing(case, datasets, offline, online).whole(version)

    passengers = list(datasets.rows(version))
    recomputed = [FeatureRow(each.row_id, each.label, derive(each.row)) for each in passengers]
    assert rows_of(offline.read(version, SCHEMA)) == [as_read(row) for row in recomputed]
    assert [features_of(entities, row.row_id) for row in recomputed] == [row.features for row in recomputed]


@given(st.lists(PASSENGERS, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_is_offline_is_recomputed_for_any_passenger(
    offline: OfflineStore, online: OnlineStore, entities: EntityReader, passengers: list[dict[str, Cell]]
) -> None:
    version = dataset(uuid4().hex)
    derived = [FeatureRow(str(number), 1, derive(row)) for number, row in enumerate(passengers)]

    offline.write(version.version, SCHEMA, derived)
    put(online, version, SCHEMA, [(row.row_id, row.features) for row in derived])

    assert rows_of(offline.read(version.version, SCHEMA)) == [as_read(row) for row in derived]
    assert [features_of(entities, row.row_id) for row in derived] == [row.features for row in derived]


def test_offline_rows_are_written_once(offline: OfflineStore) -> None:
    offline.write("v1", SCHEMA, [FeatureRow("1", 0, PLAIN)])

    assert offline.write("v1", SCHEMA, [FeatureRow("1", 1, AWKWARD), FeatureRow("2", 1, AWKWARD)]) == 1
    assert rows_of(offline.read("v1", SCHEMA)) == [as_read(FeatureRow("1", 0, PLAIN))]


@pytest.mark.parametrize("key", [("v2", SCHEMA), ("v1", "other")])
def test_offline_rows_of_another_version_or_schema_are_not_there(offline: OfflineStore, key: tuple[str, str]) -> None:
    offline.write("v1", SCHEMA, [FeatureRow("1", 0, PLAIN)])

    with pytest.raises(DatasetNotFoundError):
        offline.read(*key)
    with pytest.raises(DatasetNotFoundError):
        offline.count(*key)


def test_an_entity_says_of_which_dataset_it_is(online: OnlineStore, entities: EntityReader) -> None:
    assert entities.get("1") is None
    assert put(online, dataset("v1"), SCHEMA, [("1", AWKWARD), ("2", PLAIN)]) == "v1"

    assert entities.get("1") == Entity("1", "v1", 1_700_000_000.25, AWKWARD)
    assert features_of(entities, "2") == PLAIN
    assert [entities.get(name) for name in ("3", "version", "event_time", "id:1")] == [None] * 4


def test_rows_of_another_schema_are_not_served(online: OnlineStore, entities: EntityReader) -> None:
    put(online, dataset("v1"), "another", [("1", PLAIN)])

    assert entities.get("1") is None


def test_a_new_version_replaces_the_old_one_whole(online: OnlineStore, entities: EntityReader) -> None:
    put(online, dataset("v1"), SCHEMA, [("1", PLAIN), ("2", PLAIN)])
    put(online, dataset("v2"), SCHEMA, [("2", AWKWARD), ("3", AWKWARD)])

    assert [features_of(entities, name) for name in "123"] == [None, AWKWARD, AWKWARD]


def test_a_version_is_published_once(online: OnlineStore, entities: EntityReader) -> None:
    put(online, dataset("v1"), SCHEMA, [("1", PLAIN)])

    assert not online.stage(dataset("v1"), SCHEMA, [FeatureRow("1", 0, AWKWARD)])
    assert put(online, dataset("v1"), SCHEMA, [("1", AWKWARD)]) == "v1"
    assert features_of(entities, "1") == PLAIN


def test_a_run_that_dies_half_way_leaves_the_old_version(online: OnlineStore, entities: EntityReader) -> None:
    put(online, dataset("v1"), SCHEMA, [("1", AWKWARD)])

    half = [FeatureRow("1", 0, PLAIN)]
    assert online.stage(dataset("v2"), SCHEMA, half)
    with pytest.raises(FeaturesIncompleteError, match="online store has 1 of the 2 rows"):
        online.publish(dataset("v2"), SCHEMA)

    assert features_of(entities, "1") == AWKWARD
    for rows in (half, [FeatureRow("2", 0, PLAIN)], half):  # in parts, one of them twice
        assert online.stage(dataset("v2"), SCHEMA, rows)
        assert features_of(entities, "2") is None
    assert online.publish(dataset("v2"), SCHEMA) == "v2"
    assert [features_of(entities, name) for name in "12"] == [PLAIN, PLAIN]


def test_what_another_run_still_stages_of_a_version_that_is_online_is_not_served(
    online: OnlineStore, entities: EntityReader
) -> None:
    """Two deliveries of one file: the slower one comes to its end after the other's rows were replaced."""
    put(online, dataset("v1"), SCHEMA, [("1", PLAIN), ("2", PLAIN)])
    put(online, dataset("v2", later=1), SCHEMA, [("1", AWKWARD)])
    assert not online.stage(dataset("v1"), SCHEMA, [FeatureRow("2", 0, PLAIN)])
    assert online.publish(dataset("v1"), SCHEMA) == "v2"
    assert [features_of(entities, name) for name in "12"] == [AWKWARD, None]


def test_parts_are_read_offline_when_all_are_there(offline: OfflineStore) -> None:
    first, second = [FeatureRow("1", 0, PLAIN), FeatureRow("2", 1, AWKWARD)], [FeatureRow("3", 1, PLAIN)]
    assert offline.write_part("v1", SCHEMA, second) == 1
    with pytest.raises(DatasetNotFoundError):
        offline.read("v1", SCHEMA)
    with pytest.raises(FeaturesIncompleteError, match="offline store has 1 of the 3 rows"):
        offline.publish("v1", SCHEMA, 3)
    for _ in range(2):
        assert offline.write_part("v1", SCHEMA, first) == 2
    offline.publish("v1", SCHEMA, 3)
    offline.publish("v1", SCHEMA, 3)
    assert rows_of(offline.read("v1", SCHEMA)) == [as_read(row) for row in (*first, *second)]
    assert offline.write("v1", SCHEMA, first) == offline.count("v1", SCHEMA) == 3


@pytest.mark.parametrize("of", [1, 2, 7, 60])
def test_each_row_is_in_one_part(datasets: DatasetStore, case: UseCase, passenger_list: bytes, of: int) -> None:
    version = datasets.load("here", CsvContent(BytesIO(passenger_list), case), 0).version
    parts = [[row.row_id for row in datasets.part(version, number, of)] for number in range(of)]
    assert sorted(row for part in parts for row in part) == sorted(row.row_id for row in datasets.rows(version))
    assert of > 2 or all(parts)


def test_in_parts_or_whole_the_stores_hold_the_same(
    case: UseCase,
    datasets: DatasetStore,
    offline: OfflineStore,
    online: OnlineStore,
    entities: EntityReader,
    passenger_list: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mlops.features.featurize.ROWS_OF_A_PART", 300)
    version = datasets.load("here", CsvContent(BytesIO(passenger_list), case), 0).version
    work = Featurizing(case, datasets, offline, online)
    parts = work.parts(version)
    assert parts == [(0, 3), (1, 3), (2, 3)]
    counts = [work.part(version, *part) for part in parts[::-1]]
    assert sum(counts) == 891
    answer = work.publish(version)
    assert answer == work.whole(version) == work.publish(version)
    recomputed = [FeatureRow(each.row_id, each.label, derive(each.row)) for each in datasets.rows(version)]
    assert rows_of(offline.read(version, SCHEMA)) == [as_read(row) for row in recomputed]
    assert [features_of(entities, row.row_id) for row in recomputed] == [row.features for row in recomputed]
    monkeypatch.setattr("mlops.features.featurize.ROWS_OF_A_PART", 891)
    assert work.parts(version) == []


def test_what_is_offline_already_is_brought_online(
    case: UseCase, datasets: DatasetStore, offline: OfflineStore, online: OnlineStore, entities: EntityReader,
    passenger_list: bytes,
) -> None:  # fmt: skip
    """The run before died between the two stores."""
    version = datasets.load("here", CsvContent(BytesIO(passenger_list), case), 0).version
    offline.write(version, SCHEMA, (FeatureRow(each.row_id, 0, derive(each.row)) for each in datasets.rows(version)))
    assert Featurizing(case, datasets, offline, online).whole(version)["online_version"] == version
    assert features_of(entities, "891") is not None


def test_an_older_dataset_never_replaces_a_newer_one(online: OnlineStore, entities: EntityReader) -> None:
    put(online, dataset("v2", later=0.000001), SCHEMA, [("1", PLAIN)])

    assert put(online, dataset("v1"), SCHEMA, [("1", AWKWARD)]) == "v2"
    assert features_of(entities, "1") == PLAIN
    assert put(online, dataset("v3", later=1), SCHEMA, [("1", AWKWARD)]) == "v3"
