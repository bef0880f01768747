"""What every offline and every online store does with derived features."""

from collections.abc import Iterator

import pytest

from titanic.errors import DatasetNotFoundError
from titanic.features import SCHEMA_HASH, Derived, derive
from titanic.passenger import Passenger
from titanic.ports import DatasetVersion, FeatureRow, OfflineStore, OnlineStore

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
