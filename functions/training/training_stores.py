"""Training: what its steps read from, publish to and record in."""

from dataclasses import dataclass

from mlops import settings, wiring
from mlops.features.stores import OfflineStore
from mlops.registry.decisions import DecisionLog
from mlops.registry.versions import Registry
from mlops.stores import s3
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.decision_log import PostgresDecisionLog
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.use_case import UseCase


@dataclass(frozen=True, slots=True)
class Training:
    """The stores of the training steps, and what is trained."""

    case: UseCase
    offline: OfflineStore
    registry: Registry
    decisions: DecisionLog


def open_stores() -> Training:
    """One connection for all: a step reads, then writes."""
    database, case = Database(settings.database_url()), wiring.use_case()
    registry = Registry(s3.S3ObjectStore(), settings.models_bucket(), case)
    return Training(case, PostgresOfflineStore(database, case), registry, PostgresDecisionLog(database))
