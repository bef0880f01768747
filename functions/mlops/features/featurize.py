"""Featurize: the rows of a dataset version become the offline and the online feature store."""

from collections.abc import Iterator
from typing import Any

from mlops.data.datasets import DatasetStore
from mlops.features.stores import FeatureRow, OfflineStore, OnlineStore
from mlops.use_case import UseCase


def featurize(
    case: UseCase, datasets: DatasetStore, offline: OfflineStore, online: OnlineStore, dataset_version: str
) -> dict[str, Any]:
    """Derive every row and keep it in both stores; done before, it changes nothing.

    Offline first: history that serving has not seen yet is harmless, the other way round is not. An older dataset is
    kept offline alone: `online_version` tells which one is online.
    """
    dataset, schema = datasets.find(dataset_version), case.schema_hash

    def derived() -> Iterator[FeatureRow]:
        for each in datasets.rows(dataset_version):
            yield FeatureRow(each.row_id, each.label, case.derive(each.row))

    rows = offline.write(dataset_version, schema, derived())
    there = online.publish(dataset, schema, ((row.row_id, row.features) for row in derived()))
    return {"dataset_version": dataset_version, "schema_hash": schema, "rows": rows, "online_version": there}
