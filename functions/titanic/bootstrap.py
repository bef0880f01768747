"""The composition root: the one place that knows which adapter stands behind which port.

One function for each handler; each wires once, at the first event of an execution environment. Imports are local,
so that a function loads only the drivers it uses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from titanic import settings

if TYPE_CHECKING:
    from titanic.ports import DecisionLog, OfflineStore, PredictionLog, Retrainings
    from titanic.registry import Registry, Shelf
    from titanic.retraining import Retraining
    from titanic.serving import Incumbent
    from titanic.workflows.crown import Crowned
    from titanic.workflows.drain import Drained

Workflow = Callable[..., dict[str, Any]]


@cache
def ingestion() -> Workflow:
    """`ingest(bucket=, key=)`, with the database's schema brought up to date."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.dataset_store import PostgresDatasetStore
    from titanic.adapters.postgres.schema import upgrade
    from titanic.adapters.s3 import S3ObjectStore
    from titanic.workflows.ingest import ingest

    database = Database(settings.database_url())
    upgrade(database)
    return partial(
        ingest,
        S3ObjectStore(),
        PostgresDatasetStore(database),
        settings.data_bucket(),
        settings.max_rejected_share(),
    )


@cache
def features() -> Workflow:
    """`featurize(dataset_version=)`."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.dataset_store import PostgresDatasetStore
    from titanic.adapters.postgres.offline_store import PostgresOfflineStore
    from titanic.adapters.redis import RedisOnlineStore
    from titanic.workflows.featurize import featurize

    # A connection each: the passengers are read from one while their features are copied into the other.
    url = settings.database_url()
    return partial(
        featurize,
        PostgresDatasetStore(Database(url)),
        PostgresOfflineStore(Database(url)),
        RedisOnlineStore(settings.redis_url()),
    )


@cache
def monitoring() -> Workflow:
    """`monitor(window=)`; PostgreSQL may be away."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.prediction_history import PostgresPredictionHistory
    from titanic.adapters.prediction_log import RedisPredictionLog
    from titanic.adapters.s3 import S3ObjectStore
    from titanic.workflows.monitor import monitor

    history = PostgresPredictionHistory(Database(settings.database_url()))
    log = RedisPredictionLog(settings.redis_url())
    return partial(monitor, S3ObjectStore(), log, history, settings.models_bucket())


@dataclass(frozen=True, slots=True)
class Learning:
    """The way back from outcomes to training: `read_labels()`, and `retrain(report)`."""

    read_labels: Callable[[], dict[str, Any]]
    retrain: "Callable[[Mapping[str, Any]], Retraining]"


@cache
def learning() -> Learning:
    """With the database's schema brought up to date."""
    from titanic.adapters import messages
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.dataset_store import PostgresDatasetStore
    from titanic.adapters.postgres.prediction_history import PostgresPredictionHistory
    from titanic.adapters.postgres.retrainings import PostgresRetrainings
    from titanic.adapters.postgres.schema import upgrade
    from titanic.adapters.prediction_log import RedisPredictionLog
    from titanic.adapters.s3 import S3ObjectStore
    from titanic.workflows.read_labels import read_labels
    from titanic.workflows.retrain import Outward, retrain

    database, objects, data = Database(settings.database_url()), S3ObjectStore(), settings.data_bucket()
    upgrade(database)
    log, history = RedisPredictionLog(settings.redis_url()), PostgresPredictionHistory(database)
    outward = Outward(messages.request_retraining, partial(messages.notify, settings.notifications_topic()))
    return Learning(
        partial(read_labels, objects, data, log, history),
        partial(
            retrain,
            objects,
            PostgresDatasetStore(database),
            PostgresRetrainings(database),
            outward,
            (data, settings.models_bucket()),
            settings.retraining_policy(),
        ),
    )


@dataclass(frozen=True, slots=True)
class Draining:
    """What empties the prediction log: `drain()`, and `replay(since=)` for what it could not take."""

    drain: "Callable[[], Drained]"
    replay: Callable[[datetime], int]


@cache
def draining() -> Draining:
    """With the database's schema brought up to date, for predictions may come before the first dataset."""
    from titanic.adapters.log_group import spilled
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.prediction_history import PostgresPredictionHistory
    from titanic.adapters.postgres.schema import upgrade
    from titanic.adapters.prediction_log import RedisPredictionLog
    from titanic.workflows.drain import drain, replay

    database = Database(settings.database_url())
    upgrade(database)
    history = PostgresPredictionHistory(database)
    return Draining(
        partial(drain, RedisPredictionLog(settings.redis_url()), history, settings.retention()),
        lambda since: replay(history, spilled(settings.watched_functions()["inference"], since)),
    )


@cache
def watching() -> "Callable[[], dict[str, Any]]":
    """`watch()`."""
    from titanic.adapters import log_group, messages, pipeline_runs
    from titanic.adapters.prediction_log import RedisPredictionLog
    from titanic.workflows.watch import Sources, watch

    sources = Sources(
        settings.watched_functions(),
        log_group.reports,
        partial(pipeline_runs.ended, settings.pipeline_arn()),
        partial(messages.waiting, settings.dead_letter_queues()),
        retrainings().link,
    )
    return partial(watch, RedisPredictionLog(settings.redis_url()), sources)


@dataclass(frozen=True, slots=True)
class Training:
    """What the training steps read from, publish to and record in."""

    offline: "OfflineStore"
    registry: "Registry"
    decisions: "DecisionLog"


@cache
def training() -> Training:
    """One connection for all: a step reads, then writes."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.decision_log import PostgresDecisionLog
    from titanic.adapters.postgres.offline_store import PostgresOfflineStore
    from titanic.adapters.s3 import S3ObjectStore
    from titanic.registry import Registry

    database = Database(settings.database_url())
    registry = Registry(S3ObjectStore(), settings.models_bucket())
    return Training(PostgresOfflineStore(database), registry, PostgresDecisionLog(database))


@dataclass(frozen=True, slots=True)
class Inference:
    """What the API is made of."""

    shelf: "Shelf"
    incumbent: "Incumbent"
    log: "PredictionLog"


@cache
def inference() -> Inference:
    """Nothing slow is imported on this path: it is the first request's."""
    from titanic.adapters.prediction_log import RedisPredictionLog
    from titanic.adapters.s3_reader import S3Reader
    from titanic.registry import Shelf
    from titanic.serving import Incumbent

    shelf = Shelf(S3Reader(settings.s3_endpoint_url()), settings.models_bucket())
    return Inference(shelf, Incumbent(shelf), RedisPredictionLog(settings.redis_url()))


@cache
def feedback() -> Callable[[str, int], None]:
    """`give_feedback(prediction_id, survived)`."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.prediction_history import PostgresPredictionHistory
    from titanic.workflows.feedback import give_feedback

    return partial(give_feedback, inference().log, PostgresPredictionHistory(Database(settings.database_url())))


@cache
def decisions() -> "DecisionLog":
    """The registry's audit, as the API shows and continues it."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.decision_log import PostgresDecisionLog

    return PostgresDecisionLog(Database(settings.database_url()))


@cache
def retrainings() -> "Retrainings":
    """The ledger of what was decided about training again."""
    from titanic.adapters.postgres.database import Database
    from titanic.adapters.postgres.retrainings import PostgresRetrainings

    return PostgresRetrainings(Database(settings.database_url()))


@cache
def crowning() -> "Callable[[str], Crowned]":
    """`crown(version)`."""
    from titanic.adapters.s3 import S3ObjectStore
    from titanic.registry import Registry
    from titanic.workflows.crown import crown

    return partial(crown, Registry(S3ObjectStore(), settings.models_bucket()), decisions())


def admin_key() -> str:
    """The admin API key, read anew each time: a key that was changed holds at once."""
    from titanic.adapters import secrets

    return secrets.read(settings.admin_key_secret())
