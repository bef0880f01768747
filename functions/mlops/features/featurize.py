"""Featurize: the rows of a dataset version become the offline and the online feature store."""

from collections.abc import Iterator
from typing import Any

from mlops.ports import DatasetStore, FeatureRow, OfflineStore, OnlineStore
from titanic.features import SCHEMA_HASH, derive


def featurize(
    datasets: DatasetStore, offline: OfflineStore, online: OnlineStore, dataset_version: str
) -> dict[str, Any]:
    """Derive every row and keep it in both stores; done before, it changes nothing.

    Offline first: history that serving has not seen yet is harmless, the other way round is not. An older dataset is
    kept offline alone: `online_version` tells which one is online.
    """
    dataset = datasets.find(dataset_version)

    def derived() -> Iterator[FeatureRow]:
        for row in datasets.passengers(dataset_version):
            yield FeatureRow(row.passenger_id, row.survived, derive(row.passenger))

    rows = offline.write(dataset_version, SCHEMA_HASH, derived())
    there = online.publish(dataset, SCHEMA_HASH, ((row.passenger_id, row.features) for row in derived()))
    return {"dataset_version": dataset_version, "schema_hash": SCHEMA_HASH, "rows": rows, "online_version": there}
