"""Featurize, on stores in memory."""

from io import BytesIO

import pytest

from fakes.dataset_store import MemoryDatasetStore
from fakes.feature_stores import MemoryOfflineStore, MemoryOnlineStore
from mlops.data.csv_content import CsvContent
from mlops.errors import DatasetNotFoundError
from mlops.features.featurize import featurize
from titanic.features import SCHEMA_HASH, derive


def test_online_is_offline_is_recomputed_for_every_passenger(passenger_list: bytes) -> None:
    datasets, offline, online = MemoryDatasetStore(), MemoryOfflineStore(), MemoryOnlineStore()
    version = datasets.load("here", CsvContent(BytesIO(passenger_list)), 0).version

    result = featurize(datasets, offline, online, version)

    assert result == {"dataset_version": version, "schema_hash": SCHEMA_HASH, "rows": 891, "online_version": version}
    stored = {row.passenger_id: row for row in offline.read(version, SCHEMA_HASH)}
    for row in datasets.passengers(version):
        expected = derive(row.passenger)
        assert stored[row.passenger_id].features == online.get(SCHEMA_HASH, row.passenger_id) == expected
        assert stored[row.passenger_id].survived == row.survived
        assert "survived" not in expected


def test_a_version_that_was_not_ingested_is_said_to_be_so() -> None:
    with pytest.raises(DatasetNotFoundError):
        featurize(MemoryDatasetStore(), MemoryOfflineStore(), MemoryOnlineStore(), "none")
