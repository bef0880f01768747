"""The offline and the online store in dictionaries."""

from collections.abc import Iterable

from mlops.data.datasets import DatasetVersion
from mlops.errors import DatasetNotFoundError
from mlops.features.stores import Entity, FeatureRow, incomplete
from mlops.model.training_set import TrainingSet, training_set
from mlops.use_case import Derived, UseCase


class MemoryOfflineStore:
    """Implements `features.stores.OfflineStore`."""

    def __init__(self, case: UseCase) -> None:
        self._case = case
        self._sets: dict[tuple[str, str], list[FeatureRow]] = {}
        self._parts: dict[tuple[str, str], dict[str, FeatureRow]] = {}

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        key = (dataset_version, schema_hash)
        if key not in self._sets:
            self._sets[key] = list(rows)
        return len(self._sets[key])

    def write_part(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        written, key = list(rows), (dataset_version, schema_hash)
        self._parts.setdefault(key, {}).update({row.row_id: row for row in written})
        return len(written)

    def publish(self, dataset_version: str, schema_hash: str, rows: int) -> None:
        key = (dataset_version, schema_hash)
        parts = self._parts.get(key, {})
        if key not in self._sets:
            if len(parts) != rows:
                raise incomplete("offline", dataset_version, len(parts), rows)
            self._sets[key] = list(parts.values())

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
        self._staged: dict[tuple[str, str], dict[str, Derived]] = {}

    def stage(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[FeatureRow]) -> bool:
        if late := self._is_late(dataset, schema_hash):
            return not late
        staged = self._staged.setdefault((schema_hash, dataset.version), {})
        staged.update({row.row_id: row.features for row in rows})
        return True

    def publish(self, dataset: DatasetVersion, schema_hash: str) -> str:
        if not self._is_late(dataset, schema_hash):
            rows = self._staged.get((schema_hash, dataset.version), {})
            if len(rows) != dataset.rows:
                raise incomplete("online", dataset.version, len(rows), dataset.rows)
            self._current[schema_hash] = dataset, rows
        return self._current[schema_hash][0].version

    def _is_late(self, dataset: DatasetVersion, schema_hash: str) -> bool:
        there = self._current.get(schema_hash)
        return bool(there and (there[0].version == dataset.version or there[0].loaded_at > dataset.loaded_at))

    def get(self, row_id: str) -> Entity | None:
        there = self._current.get(self._case.schema_hash)
        if not there or row_id not in there[1]:
            return None
        return Entity(row_id, there[0].version, there[0].loaded_at, there[1][row_id])
