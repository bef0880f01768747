"""The offline and the online store in dictionaries."""

from collections.abc import Iterable

from mlops.errors import DatasetNotFoundError
from mlops.ports import DatasetVersion, FeatureRow
from titanic.features import Derived


class MemoryOfflineStore:
    """Implements `ports.OfflineStore`."""

    def __init__(self) -> None:
        self._sets: dict[tuple[str, str], list[FeatureRow]] = {}

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        key = (dataset_version, schema_hash)
        if key not in self._sets:
            self._sets[key] = sorted(rows, key=lambda row: row.passenger_id)
        return len(self._sets[key])

    def read(self, dataset_version: str, schema_hash: str) -> list[FeatureRow]:
        if (dataset_version, schema_hash) not in self._sets:
            raise DatasetNotFoundError(dataset_version)
        return list(self._sets[dataset_version, schema_hash])


class MemoryOnlineStore:
    """Implements `ports.OnlineStore`."""

    def __init__(self) -> None:
        self._current: dict[str, tuple[DatasetVersion, dict[int, Derived]]] = {}

    def publish(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[tuple[int, Derived]]) -> str:
        there = self._current.get(schema_hash)
        if there and (there[0].version == dataset.version or there[0].loaded_at > dataset.loaded_at):
            return there[0].version
        self._current[schema_hash] = dataset, dict(rows)
        return dataset.version

    def get(self, schema_hash: str, passenger_id: int) -> Derived | None:
        there = self._current.get(schema_hash)
        return there[1].get(passenger_id) if there else None
