"""What every offline and every online store does with derived features."""

from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops.data.csv_content import CsvContent
from mlops.errors import DatasetNotFoundError
from mlops.features.featurize import featurize
from mlops.ports import DatasetStore, DatasetVersion, FeatureRow, OfflineStore, OnlineStore
from passengers import PASSENGERS
from titanic.features import SCHEMA_HASH, Derived, derive
from titanic.passenger import Passenger

AWKWARD = derive(Passenger(1, 'O\'Brien\\n, Mrs. "Ännä"\t\n', "female", 0.1 + 0.2, 1, 0, "A\\5 \t1", 1e-5, "\\.", None))
PLAIN = derive(Passenger(3, "Braund, Mr. Owen", "male"))


def dataset(version: str, later: float = 0) -> DatasetVersion:
    return DatasetVersion(version, "here", 2, 0, 1_700_000_000.25 + later, version, "s")


def broken() -> Iterator[tuple[int, Derived]]:
    yield 1, PLAIN
    raise MemoryError


def test_offline_rows_come_back_exactly_and_in_order(offline: OfflineStore) -> None:
    rows = [FeatureRow(2, 1, AWKWARD), FeatureRow(1, 0, PLAIN)]

    assert offline.write("v1", SCHEMA_HASH, rows) == 2
    assert offline.read("v1", SCHEMA_HASH) == [rows[1], rows[0]]


def test_online_is_offline_is_recomputed_for_every_passenger(
    datasets: DatasetStore, offline: OfflineStore, online: OnlineStore, passenger_list: bytes
) -> None:
    version = datasets.load("here", CsvContent(BytesIO(passenger_list)), 0).version

    featurize(datasets, offline, online, version)

    stored = offline.read(version, SCHEMA_HASH)
    passengers = list(datasets.passengers(version))
    assert [(row.passenger_id, row.survived) for row in stored] == [(p.passenger_id, p.survived) for p in passengers]
    recomputed = [derive(labelled.passenger) for labelled in passengers]
    assert [row.features for row in stored] == recomputed
    assert [online.get(SCHEMA_HASH, labelled.passenger_id) for labelled in passengers] == recomputed


@given(st.lists(PASSENGERS, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_is_offline_is_recomputed_for_any_passenger(
    offline: OfflineStore, online: OnlineStore, passengers: list[Passenger]
) -> None:
    version = dataset(uuid4().hex)
    derived = dict(enumerate(map(derive, passengers)))

    offline.write(version.version, SCHEMA_HASH, [FeatureRow(number, 1, row) for number, row in derived.items()])
    online.publish(version, SCHEMA_HASH, derived.items())

    assert {row.passenger_id: row.features for row in offline.read(version.version, SCHEMA_HASH)} == derived
    assert {number: online.get(SCHEMA_HASH, number) for number in derived} == derived


def test_offline_rows_are_written_once(offline: OfflineStore) -> None:
    offline.write("v1", SCHEMA_HASH, [FeatureRow(1, 0, PLAIN)])

    assert offline.write("v1", SCHEMA_HASH, [FeatureRow(1, 1, AWKWARD), FeatureRow(2, 1, AWKWARD)]) == 1
    assert offline.read("v1", SCHEMA_HASH) == [FeatureRow(1, 0, PLAIN)]


@pytest.mark.parametrize("key", [("v2", SCHEMA_HASH), ("v1", "other")])
def test_offline_rows_of_another_version_or_schema_are_not_there(offline: OfflineStore, key: tuple[str, str]) -> None:
    offline.write("v1", SCHEMA_HASH, [FeatureRow(1, 0, PLAIN)])

    with pytest.raises(DatasetNotFoundError):
        offline.read(*key)


def test_online_rows_come_back_exactly(online: OnlineStore) -> None:
    assert online.publish(dataset("v1"), SCHEMA_HASH, [(1, AWKWARD), (2, PLAIN)]) == "v1"

    assert online.get(SCHEMA_HASH, 1) == AWKWARD
    assert online.get(SCHEMA_HASH, 2) == PLAIN
    assert online.get(SCHEMA_HASH, 3) is None
    assert online.get("other", 1) is None


def test_a_new_version_replaces_the_old_one_whole(online: OnlineStore) -> None:
    online.publish(dataset("v1"), SCHEMA_HASH, [(1, PLAIN), (2, PLAIN)])
    online.publish(dataset("v2"), SCHEMA_HASH, [(2, AWKWARD), (3, AWKWARD)])

    assert [online.get(SCHEMA_HASH, number) for number in (1, 2, 3)] == [None, AWKWARD, AWKWARD]


def test_a_version_is_published_once(online: OnlineStore) -> None:
    online.publish(dataset("v1"), SCHEMA_HASH, [(1, PLAIN)])

    assert online.publish(dataset("v1"), SCHEMA_HASH, broken()) == "v1"


def test_a_run_that_dies_half_way_leaves_the_old_version(online: OnlineStore) -> None:
    online.publish(dataset("v1"), SCHEMA_HASH, [(1, AWKWARD)])

    with pytest.raises(MemoryError):
        online.publish(dataset("v2"), SCHEMA_HASH, broken())

    assert online.get(SCHEMA_HASH, 1) == AWKWARD
    assert online.publish(dataset("v2"), SCHEMA_HASH, [(1, PLAIN)]) == "v2"
    assert online.get(SCHEMA_HASH, 1) == PLAIN


def test_an_older_dataset_never_replaces_a_newer_one(online: OnlineStore) -> None:
    online.publish(dataset("v2", later=0.000001), SCHEMA_HASH, [(1, PLAIN)])

    assert online.publish(dataset("v1"), SCHEMA_HASH, [(1, AWKWARD)]) == "v2"
    assert online.get(SCHEMA_HASH, 1) == PLAIN
    assert online.publish(dataset("v3", later=1), SCHEMA_HASH, [(1, AWKWARD)]) == "v3"
