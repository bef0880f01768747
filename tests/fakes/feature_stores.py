"""The offline and the online store in dictionaries."""

from collections.abc import Iterable

from mlops.data.datasets import DatasetVersion
from mlops.errors import DatasetNotFoundError
from mlops.features.stores import Entity, FeatureRow
from mlops.model.training_set import TrainingSet, training_set
from mlops.use_case import Derived, UseCase


class MemoryOfflineStore:
    """Implements `features.stores.OfflineStore`."""

    def __init__(self, case: UseCase) -> None:
        self._case = case
        self._sets: dict[tuple[str, str], list[FeatureRow]] = {}

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        key = (dataset_version, schema_hash)
        if key not in self._sets:
            self._sets[key] = list(rows)
        return len(self._sets[key])

    def count(self, dataset_version: str, schema_hash: str) -> int:
        if (dataset_version, schema_hash) not in self._sets:
            raise DatasetNotFoundError(dataset_version)
        return len(self._sets[dataset_version, schema_hash])

    def read(self, dataset_version: str, schema_hash: str) -> TrainingSet:
        rows = self._sets.get((dataset_version, schema_hash))
        if not rows:
            raise DatasetNotFoundError(dataset_version)
        names = [feature.name for feature in self._case.features]
        ordered = sorted(rows, key=lambda row: (len(row.row_id), row.row_id))
        return training_set(
            self._case.features,
            ((row.row_id, row.label, [row.features[name] for name in names]) for row in ordered),
        )


class MemoryOnlineStore:
    """Implements `features.stores.OnlineStore`, and its reader."""

    def __init__(self, case: UseCase) -> None:
        self._case = case
        self._current: dict[str, tuple[DatasetVersion, dict[str, Derived]]] = {}

    def publish(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[tuple[str, Derived]]) -> str:
        there = self._current.get(schema_hash)
        if there and (there[0].version == dataset.version or there[0].loaded_at > dataset.loaded_at):
            return there[0].version
        self._current[schema_hash] = dataset, dict(rows)
        return dataset.version

    def get(self, row_id: str) -> Entity | None:
        there = self._current.get(self._case.schema_hash)
        if not there or row_id not in there[1]:
            return None
        return Entity(row_id, there[0].version, there[0].loaded_at, there[1][row_id])
