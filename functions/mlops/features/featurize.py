"""Featurize: the rows of a dataset version become the offline and the online feature store.

In one piece, or in parts that are derived side by side and then published. Offline first: history that serving has not
seen yet is harmless, the other way round is not. An older dataset is kept offline alone: `online_version` tells which
one is online.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mlops.data.datasets import DatasetStore, DatasetVersion, LabelledRow
from mlops.features.stores import FeatureRow, OfflineStore, OnlineStore
from mlops.use_case import UseCase

# Of more rows than this, each so many are a part: a quarter of a minute's work.
ROWS_OF_A_PART = 100_000
_PORTION = 1000


@dataclass(frozen=True, slots=True)
class Featurizing:
    """The derivation of features, from a store of datasets into both feature stores."""

    case: UseCase
    datasets: DatasetStore
    offline: OfflineStore
    online: OnlineStore

    def whole(self, dataset_version: str) -> dict[str, Any]:
        """Derive every row and keep it in both stores; done before, it changes nothing."""
        dataset, schema, written = self.datasets.find(dataset_version), self.case.schema_hash, False

        def rows() -> Iterator[FeatureRow]:
            nonlocal written
            written = True
            yield from self._staged(dataset, self.datasets.rows(dataset_version))

        self.offline.write(dataset_version, schema, rows())
        if not written:  # but by a run before, which may not have come further
            for portion in self._derived(self.datasets.rows(dataset_version)):
                if not self.online.stage(dataset, schema, portion):
                    break
        return self._answer(dataset)

    def parts(self, dataset_version: str) -> list[tuple[int, int]]:
        """The parts of a dataset that is worth dividing, as (number, of how many); of any other none."""
        rows = self.datasets.find(dataset_version).rows
        of = -(-rows // ROWS_OF_A_PART)
        return [(number, of) for number in range(of)] if of > 1 else []

    def part(self, dataset_version: str, number: int, of: int) -> int:
        """Derive a part of the rows, which nobody reads yet; how many they are."""
        dataset = self.datasets.find(dataset_version)
        rows = self._staged(dataset, self.datasets.part(dataset_version, number, of))
        return self.offline.write_part(dataset_version, self.case.schema_hash, rows)

    def publish(self, dataset_version: str) -> dict[str, Any]:
        """Let all parts be read at once; FeaturesIncompleteError if one is missing."""
        dataset = self.datasets.find(dataset_version)
        self.offline.publish(dataset_version, self.case.schema_hash, dataset.rows)
        return self._answer(dataset)

    def _staged(self, dataset: DatasetVersion, rows: Iterable[LabelledRow]) -> Iterator[FeatureRow]:
        """The features of some rows, each portion staged for the online store on its way to the offline one."""
        for portion in self._derived(rows):
            self.online.stage(dataset, self.case.schema_hash, portion)
            yield from portion

    def _derived(self, rows: Iterable[LabelledRow]) -> Iterator[list[FeatureRow]]:
        remaining, derive = iter(rows), self.case.derive
        while portion := list(islice(remaining, _PORTION)):
            yield [FeatureRow(each.row_id, each.label, derive(each.row)) for each in portion]

    def _answer(self, dataset: DatasetVersion) -> dict[str, Any]:
        schema = self.case.schema_hash
        return {
            "dataset_version": dataset.version,
            "schema_hash": schema,
            "rows": dataset.rows,
            "online_version": self.online.publish(dataset, schema),
        }
