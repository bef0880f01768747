"""The feature stores: the values, and the ports of the offline and the online store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mlops.data.datasets import DatasetVersion
from mlops.errors import FeaturesIncompleteError
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


class OfflineReader(Protocol):
    """Feature history by dataset version and schema hash, to be read."""

    def read(self, dataset_version: str, schema_hash: str) -> TrainingSet:
        """The rows by id, shorter ids first; DatasetNotFoundError if they were not written."""


class OfflineStore(OfflineReader, Protocol):
    """Feature history by dataset version and schema hash; the labels live here and nowhere else."""

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        """Keep the rows, all of them or none, and say how many; what is there already is left and counted."""

    def write_part(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        """Keep a part of the rows, which nobody reads until all are published; how many they are. Repeatable."""

    def publish(self, dataset_version: str, schema_hash: str, rows: int) -> None:
        """Let all parts be read, which are so many rows; FeaturesIncompleteError if some are missing."""

    def count(self, dataset_version: str, schema_hash: str) -> int:
        """How many rows `read` gives; DatasetNotFoundError if they were not written."""


class OnlineStore(Protocol):
    """The latest features of each row, by id; readers see the old version or the new one, never a mixture."""

    def stage(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[FeatureRow]) -> bool:
        """Store rows of a dataset version that nobody reads until it is published. Repeatable.

        Answers False, and stores nothing, if the version is online already, or one that was loaded later is.
        """

    def publish(self, dataset: DatasetVersion, schema_hash: str) -> str:
        """Switch to the rows of a dataset version, all at once, unless those of one loaded later are there.

        Answers with the version that is online then; FeaturesIncompleteError if not all rows were staged.
        """


class EntityReader(Protocol):
    """The online store as serving reads it."""

    def get(self, row_id: str) -> Entity | None:
        """What is stored of an id; StoreUnavailableError if the store does not answer."""


def incomplete(store: str, version: str, there: int, rows: int) -> FeaturesIncompleteError:
    """What a store says of a dataset version that lacks rows."""
    return FeaturesIncompleteError(
        f"The {store} store has {there:,} of the {rows:,} rows of dataset {version}: run the features step again"
    )
