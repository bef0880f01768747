"""The composition root: the one place that knows which adapter stands behind which port.

One function for each handler; each wires once, at the first event of an execution environment. Imports are local,
so that a function loads only the drivers it uses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from mlops import settings

if TYPE_CHECKING:
    from mlops.monitoring.drain import Drained
    from mlops.monitoring.retraining import Retraining
    from mlops.ports import DecisionLog, OfflineStore, PredictionLog, Retrainings
    from mlops.registry.set_champion import Crowned
    from mlops.registry.versions import Registry, Shelf
    from mlops.serving.champion_cache import Incumbent

Workflow = Callable[..., dict[str, Any]]


@cache
def ingestion() -> Workflow:
    """`ingest(bucket=, key=)`, with the database's schema brought up to date."""
    from mlops.data.ingest import ingest
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.dataset_store import PostgresDatasetStore
    from mlops.stores.postgres.schema import upgrade
    from mlops.stores.s3 import S3ObjectStore

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
    from mlops.features.featurize import featurize
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.dataset_store import PostgresDatasetStore
    from mlops.stores.postgres.offline_store import PostgresOfflineStore
    from mlops.stores.redis import RedisOnlineStore

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
    from mlops.monitoring.monitor import monitor
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
    from mlops.stores.prediction_log import RedisPredictionLog
    from mlops.stores.s3 import S3ObjectStore

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
    from mlops.monitoring.read_labels import read_labels
    from mlops.monitoring.retrain import Outward, retrain
    from mlops.stores import messages
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.dataset_store import PostgresDatasetStore
    from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
    from mlops.stores.postgres.retrainings import PostgresRetrainings
    from mlops.stores.postgres.schema import upgrade
    from mlops.stores.prediction_log import RedisPredictionLog
    from mlops.stores.s3 import S3ObjectStore

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
    from mlops.monitoring.drain import drain, replay
    from mlops.stores.log_group import spilled
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
    from mlops.stores.postgres.schema import upgrade
    from mlops.stores.prediction_log import RedisPredictionLog

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
    from mlops.monitoring.watch import Sources, watch
    from mlops.stores import log_group, messages, pipeline_runs
    from mlops.stores.prediction_log import RedisPredictionLog

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
    from mlops.registry.versions import Registry
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.decision_log import PostgresDecisionLog
    from mlops.stores.postgres.offline_store import PostgresOfflineStore
    from mlops.stores.s3 import S3ObjectStore

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
    from mlops.registry.versions import Shelf
    from mlops.serving.champion_cache import Incumbent
    from mlops.stores.prediction_log import RedisPredictionLog
    from mlops.stores.s3_reader import S3Reader

    shelf = Shelf(S3Reader(settings.s3_endpoint_url()), settings.models_bucket())
    return Inference(shelf, Incumbent(shelf), RedisPredictionLog(settings.redis_url()))


@cache
def feedback() -> Callable[[str, int], None]:
    """`give_feedback(prediction_id, survived)`."""
    from mlops.serving.feedback import give_feedback
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.prediction_history import PostgresPredictionHistory

    return partial(give_feedback, inference().log, PostgresPredictionHistory(Database(settings.database_url())))


@cache
def decisions() -> "DecisionLog":
    """The registry's audit, as the API shows and continues it."""
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.decision_log import PostgresDecisionLog

    return PostgresDecisionLog(Database(settings.database_url()))


@cache
def retrainings() -> "Retrainings":
    """The ledger of what was decided about training again."""
    from mlops.stores.postgres.database import Database
    from mlops.stores.postgres.retrainings import PostgresRetrainings

    return PostgresRetrainings(Database(settings.database_url()))


@cache
def crowning() -> "Callable[[str], Crowned]":
    """`crown(version)`."""
    from mlops.registry.set_champion import crown
    from mlops.registry.versions import Registry
    from mlops.stores.s3 import S3ObjectStore

    return partial(crown, Registry(S3ObjectStore(), settings.models_bucket()), decisions())


def admin_key() -> str:
    """The admin API key, read anew each time: a key that was changed holds at once."""
    from mlops.stores import secrets

    return secrets.read(settings.admin_key_secret())
