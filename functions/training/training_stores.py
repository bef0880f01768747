"""Training: what its steps read from, publish to and record in."""

from dataclasses import dataclass, replace
from typing import Protocol

from mlops import settings, wiring
from mlops.data.datasets import DatasetStore
from mlops.features.stores import OfflineStore
from mlops.registry.decisions import DecisionLog
from mlops.registry.versions import Registry
from mlops.stores import s3
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.decision_log import PostgresDecisionLog
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.training.train import Run
from mlops.use_case import UseCase


class About(Protocol):
    """What every step's event says, but the last one's."""

    dataset_version: str
    schema_hash: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class Training:
    """The stores of the training steps, and what is trained."""

    case: UseCase
    offline: OfflineStore
    datasets: DatasetStore
    registry: Registry
    decisions: DecisionLog

    def seeded(self, seed: int | None) -> UseCase:
        """The use case with this seed for folds, candidates and forests; without one, the deployment's or its own."""
        seed = settings.training_seed() if seed is None else seed
        return self.case if seed is None else replace(self.case, search=replace(self.case.search, seed=seed))

    def run(self, about: About, seed: int | None = None) -> Run:
        """The run that an event is about."""
        case = self.seeded(about.seed if seed is None else seed)
        return Run(case, self.offline, self.registry, about.dataset_version, about.schema_hash)


def open_stores() -> Training:
    """One connection for all: a step reads, then writes."""
    database, case = Database(settings.database_url()), wiring.use_case()
    registry = Registry(s3.S3ObjectStore(), settings.models_bucket(), case)
    stores = PostgresOfflineStore(database, case), PostgresDatasetStore(database, case)
    return Training(case, *stores, registry, PostgresDecisionLog(database))
