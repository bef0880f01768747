"""Monitoring: drift, the prediction log's way into the history, what is watched, and the way back to training."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from mlops import settings, wiring
from mlops.monitoring import drain, expire, monitor, read_labels, retrain, watch
from mlops.monitoring.retraining import Retraining
from mlops.registry.versions import Registry, RegistryReader
from mlops.stores import log_group, messages, pipeline_runs, s3
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.decision_log import PostgresDecisionLog
from mlops.stores.postgres.prediction_history import PostgresPredictionHistory
from mlops.stores.postgres.retrainings import PostgresRetrainings
from mlops.stores.prediction_stream import RedisPredictionStream
from mlops.stores.telemetry import RedisTelemetry

# Seconds that PostgreSQL has for a transaction; the function has 120.
TIMEOUT = 50.0


class Monitoring:
    """The tasks of monitoring, over one connection to each store."""

    def __init__(self) -> None:
        self._case = wiring.use_case()
        self._objects = s3.S3ObjectStore()
        self._stream = RedisPredictionStream(settings.redis_url())
        self._telemetry = RedisTelemetry(settings.redis_url())
        self._database = Database(settings.database_url(), TIMEOUT)
        self._history = PostgresPredictionHistory(self._database, self._case)
        self._retrainings = PostgresRetrainings(self._database, self._case)

    def drain(self) -> drain.Drained:
        """Move what serving logged into the history."""
        return drain.drain(self._stream, self._history, self._telemetry, settings.retention())

    def replay(self, since: datetime) -> int:
        """Keep what went into inference's log because Redis was away."""
        function = settings.watched_functions()["inference"]
        return drain.replay(self._history, log_group.spilled(function, since))

    def read_labels(self) -> dict[str, Any]:
        """Tell what label files say."""
        return read_labels.read_labels(self._case, self._objects, settings.data_bucket(), self._history)

    def monitor(self, window: int) -> dict[str, Any]:
        """Write the drift report of the latest predictions."""
        return monitor.monitor(self._registry, self._objects, self._stream, self._telemetry, self._history, window)

    def preliminary(self) -> dict[str, Any]:
        """A first report of a champion that has none yet."""
        report = monitor.preliminary(self._registry, self._objects, self._stream, self._history)
        return {"status": report["status"], "window": report["window"]["size"]} if report else {}

    def retrain(self, report: Mapping[str, Any]) -> Retraining:
        """Decide on a drift report whether to train again."""
        outward = retrain.Outward(messages.request_retraining, partial(messages.notify, settings.notifications_topic()))
        return retrain.retrain(
            self._registry,
            self._objects,
            PostgresDatasetStore(self._database, self._case),
            self._retrainings,
            outward,
            settings.data_bucket(),
            settings.retraining_policy(),
            report,
        )

    def expire(self) -> dict[str, int]:
        """Drop what is too old or too many."""
        return expire.expire(
            Registry(self._objects, settings.models_bucket(), self._case),
            settings.data_bucket(),
            PostgresDatasetStore(self._database, self._case),
            PostgresDecisionLog(self._database),
            self._retrainings,
            self._telemetry,
            settings.kept(),
        )

    def watch(self) -> dict[str, Any]:
        """Count invocations, pipeline runs and dead letters."""
        sources = watch.Sources(
            settings.watched_functions(),
            log_group.reports,
            partial(pipeline_runs.ended, settings.pipeline_arn()),
            partial(messages.waiting, settings.dead_letter_queues()),
            self._retrainings.link,
        )
        return watch.watch(self._telemetry, sources)

    @cached_property
    def _registry(self) -> RegistryReader:
        return RegistryReader(self._objects, settings.models_bucket(), self._case)
