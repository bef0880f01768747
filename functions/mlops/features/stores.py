"""The feature stores: the values, and the ports of the offline and the online store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mlops.data.datasets import DatasetVersion
from mlops.model.training_set import TrainingSet
from mlops.use_case import Derived


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One labelled row of the offline store."""

    row_id: str
    label: int
    features: Derived


@dataclass(frozen=True, slots=True)
class Entity:
    """What the online store holds of one id: its features, as of the dataset version that was loaded at `event_time`.

    `event_time` is in Unix seconds.
    """

    row_id: str
    dataset_version: str
    event_time: float
    features: Derived


class OfflineStore(Protocol):
    """Feature history by dataset version and schema hash; the labels live here and nowhere else."""

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        """Keep the rows, all of them or none, and say how many; what is there already is left and counted."""

    def count(self, dataset_version: str, schema_hash: str) -> int:
        """How many rows `read` gives; DatasetNotFoundError if they were not written."""

    def read(self, dataset_version: str, schema_hash: str) -> TrainingSet:
        """The rows by id, shorter ids first; DatasetNotFoundError if they were not written."""


class OnlineStore(Protocol):
    """The latest features of each row, by id; readers see the old version or the new one, never a mixture."""

    def publish(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[tuple[str, Derived]]) -> str:
        """Switch to the rows of a dataset version, all at once, unless those of one loaded later are there.

        Answers with the version that is online then.
        """


class EntityReader(Protocol):
    """The online store as serving reads it."""

    def get(self, row_id: str) -> Entity | None:
        """What is stored of an id; StoreUnavailableError if the store does not answer."""
