"""Reading a dataset's features where a run has left them."""

from dataclasses import dataclass

from mlops.features.stores import OfflineStore
from mlops.model.training_set import TrainingSet
from mlops.registry.versions import Registry
from mlops.training.train import Run
from mlops.use_case import UseCase


@dataclass(frozen=True, slots=True)
class KeptRows:
    """An offline store that answers with what a run keeps of very many rows, which is read in a tenth of the time."""

    case: UseCase
    offline: OfflineStore
    registry: Registry

    def read(self, dataset_version: str, schema_hash: str) -> TrainingSet:
        return Run(self.case, self.offline, self.registry, dataset_version, schema_hash).read()
