"""What every offline and every online store does with derived features."""

from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetStore, DatasetVersion
from mlops.errors import DatasetNotFoundError
from mlops.features.featurize import featurize
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


def broken() -> Iterator[tuple[str, Derived]]:
    yield "1", PLAIN
    raise MemoryError


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
    online.publish(dataset("v1"), SCHEMA, [(awkward, PLAIN)])

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

    featurize(case, datasets, offline, online, version)

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
    online.publish(version, SCHEMA, [(row.row_id, row.features) for row in derived])

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
    assert online.publish(dataset("v1"), SCHEMA, [("1", AWKWARD), ("2", PLAIN)]) == "v1"

    assert entities.get("1") == Entity("1", "v1", 1_700_000_000.25, AWKWARD)
    assert features_of(entities, "2") == PLAIN
    assert [entities.get(name) for name in ("3", "version", "event_time", "id:1")] == [None] * 4


def test_rows_of_another_schema_are_not_served(online: OnlineStore, entities: EntityReader) -> None:
    online.publish(dataset("v1"), "another", [("1", PLAIN)])

    assert entities.get("1") is None


def test_a_new_version_replaces_the_old_one_whole(online: OnlineStore, entities: EntityReader) -> None:
    online.publish(dataset("v1"), SCHEMA, [("1", PLAIN), ("2", PLAIN)])
    online.publish(dataset("v2"), SCHEMA, [("2", AWKWARD), ("3", AWKWARD)])

    assert [features_of(entities, name) for name in "123"] == [None, AWKWARD, AWKWARD]


def test_a_version_is_published_once(online: OnlineStore) -> None:
    online.publish(dataset("v1"), SCHEMA, [("1", PLAIN)])

    assert online.publish(dataset("v1"), SCHEMA, broken()) == "v1"


def test_a_run_that_dies_half_way_leaves_the_old_version(online: OnlineStore, entities: EntityReader) -> None:
    online.publish(dataset("v1"), SCHEMA, [("1", AWKWARD)])

    with pytest.raises(MemoryError):
        online.publish(dataset("v2"), SCHEMA, broken())

    assert features_of(entities, "1") == AWKWARD
    assert online.publish(dataset("v2"), SCHEMA, [("1", PLAIN)]) == "v2"
    assert features_of(entities, "1") == PLAIN


def test_an_older_dataset_never_replaces_a_newer_one(online: OnlineStore, entities: EntityReader) -> None:
    online.publish(dataset("v2", later=0.000001), SCHEMA, [("1", PLAIN)])

    assert online.publish(dataset("v1"), SCHEMA, [("1", AWKWARD)]) == "v2"
    assert features_of(entities, "1") == PLAIN
    assert online.publish(dataset("v3", later=1), SCHEMA, [("1", AWKWARD)]) == "v3"
