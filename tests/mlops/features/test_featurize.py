"""Featurize, on stores in memory."""

import math
from dataclasses import replace
from io import BytesIO

import pytest

from fakes.dataset_store import MemoryDatasetStore
from fakes.feature_stores import MemoryOfflineStore, MemoryOnlineStore
from mlops.data.csv_content import CsvContent
from mlops.errors import DatasetNotFoundError
from mlops.features.featurize import Featurizing
from mlops.model.training_set import records
from mlops.use_case import Column, UseCase


def test_online_is_offline_is_recomputed_for_every_row(case: UseCase, passenger_list: bytes) -> None:
    datasets, offline, online = MemoryDatasetStore(case), MemoryOfflineStore(case), MemoryOnlineStore(case)
    version = datasets.load("here", CsvContent(BytesIO(passenger_list), case), 0).version

    result = Featurizing(case, datasets, offline, online).whole(version)

    schema = case.schema_hash
    assert result == {"dataset_version": version, "schema_hash": schema, "rows": 891, "online_version": version}
    stored = offline.read(version, schema)
    as_derived = dict(zip(stored.ids, zip(records(stored.features), stored.labels.tolist(), strict=True), strict=True))
    for row in datasets.rows(version):
        expected = case.derive(row.row)
        entity = online.get(row.row_id)
        assert entity is not None
        assert (entity.features, entity.dataset_version, entity.row_id) == (expected, version, row.row_id)
        features, label = as_derived[row.row_id]
        assert label == row.label
        assert case.label.key not in expected
        for feature in case.features:
            cell, kept = expected[feature.name], features[feature.name]
            if feature.type in ("number", "flag"):
                assert kept == (None if cell is None else float(cell))
            else:
                assert kept == (None if cell is None else str(cell))


def test_ids_are_ordered_by_their_length_and_then_as_text(case: UseCase, passenger_list: bytes) -> None:
    """So numbers are in their order, and other ids in one that does not depend on the file's."""
    header, *lines = passenger_list.splitlines()
    numbers = [b"10", b"9", b"100", b"2", b"1"]
    shuffled = [number + b"," + line.partition(b",")[2] for number, line in zip(numbers, lines, strict=False)]
    assert _ids(case, [header, *shuffled]) == ["1", "2", "9", "10", "100"]

    named = replace(case, id=Column("PassengerId", "text"))
    names = [b"b1", b"a10", b"B2", b"zz", b"a"]
    shuffled = [name + b"," + line.partition(b",")[2] for name, line in zip(names, lines, strict=False)]
    assert _ids(named, [header, *shuffled]) == ["a", "B2", "b1", "zz", "a10"]


def _ids(case: UseCase, lines: list[bytes]) -> list[str]:
    datasets, offline, online = MemoryDatasetStore(case), MemoryOfflineStore(case), MemoryOnlineStore(case)
    version = datasets.load("here", CsvContent(BytesIO(b"\n".join(lines)), case), 0).version
    Featurizing(case, datasets, offline, online).whole(version)
    ids = offline.read(version, case.schema_hash).ids
    assert ids == [row.row_id for row in datasets.rows(version)]
    assert all(isinstance(each, str) for each in ids)
    return ids


def test_numbers_that_are_not_recorded_are_nan_and_texts_none(case: UseCase, passenger_list: bytes) -> None:
    datasets, offline, online = MemoryDatasetStore(case), MemoryOfflineStore(case), MemoryOnlineStore(case)
    version = datasets.load("here", CsvContent(BytesIO(passenger_list), case), 0).version
    Featurizing(case, datasets, offline, online).whole(version)

    features = offline.read(version, case.schema_hash).features
    assert features.dtypes["age"] == "float64"
    assert math.isnan(features["age"]["6"])
    assert features["embarked"]["62"] is None
    assert features["pclass"]["1"] == "3"


def test_a_version_that_was_not_ingested_is_not_found(case: UseCase) -> None:
    with pytest.raises(DatasetNotFoundError):
        Featurizing(case, MemoryDatasetStore(case), MemoryOfflineStore(case), MemoryOnlineStore(case)).whole("none")
