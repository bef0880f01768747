"""Inference: what the API is made of. Nothing slow is imported before it is asked for: it is the first request's."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from secrets import compare_digest
from typing import TYPE_CHECKING, Any

from mlops import settings, wiring
from mlops.errors import FileNotThereError
from mlops.registry.versions import RegistryReader
from mlops.serving.champion_cache import ChampionCache
from mlops.stores.entity_reader import RespEntityReader
from mlops.stores.prediction_log import RespPredictionLog
from mlops.use_case import UseCase

if TYPE_CHECKING:
    from mlops.batch.layout import Format
    from mlops.batch.status import Batches
    from mlops.monitoring.retraining import Retrainings
    from mlops.registry.decisions import DecisionLog
    from mlops.registry.set_champion import NewChampion
    from mlops.stores.executions import PipelineRuns
    from mlops.stores.postgres.database import Database
    from mlops.telemetry.stores import Telemetry

# Seconds that a page of telemetry waits for Redis, and a call for PostgreSQL: the gateway waits 29.
TELEMETRY_TIMEOUT, DATABASE_TIMEOUT = 1.0, 8.0


class Dependencies:
    """The stores behind the API; each is opened when it is first asked for."""

    @cached_property
    def case(self) -> UseCase:
        return wiring.use_case()

    @cached_property
    def registry(self) -> RegistryReader:
        from mlops.stores.s3_reader import S3Reader

        return RegistryReader(S3Reader(settings.s3_endpoint_url()), settings.models_bucket(), self.case)

    @cached_property
    def champions(self) -> ChampionCache:
        return ChampionCache(self.registry)

    @cached_property
    def log(self) -> RespPredictionLog:
        return RespPredictionLog(settings.redis_url())

    @cached_property
    def entities(self) -> RespEntityReader:
        return RespEntityReader(self.log, self.case)

    @cached_property
    def telemetry(self) -> "Telemetry":
        from mlops.stores.telemetry import RedisTelemetry

        return RedisTelemetry(settings.redis_url(), TELEMETRY_TIMEOUT, tries=0)

    @cached_property
    def decisions(self) -> "DecisionLog":
        from mlops.stores.postgres.decision_log import PostgresDecisionLog

        return PostgresDecisionLog(self._database)

    @cached_property
    def retrainings(self) -> "Retrainings":
        from mlops.stores.postgres.retrainings import PostgresRetrainings

        return PostgresRetrainings(self._database, self.case)

    def give_feedback(self, prediction_id: str, label: int) -> None:
        """Log what became of a predicted row."""
        from mlops.serving.feedback import give_feedback
        from mlops.stores.postgres.prediction_history import PostgresPredictionHistory

        history = PostgresPredictionHistory(self._database, self.case)
        give_feedback(self.case, self.log, history.known, prediction_id, label)

    def set_champion(self, version: str) -> "NewChampion":
        """Make a version champion by hand."""
        from mlops.registry.set_champion import set_champion
        from mlops.registry.versions import Registry
        from mlops.stores.s3 import S3ObjectStore

        registry = Registry(S3ObjectStore(), settings.models_bucket(), self.case)
        return set_champion(registry, self.decisions, version)

    @cached_property
    def runs(self) -> "PipelineRuns":
        from mlops.stores.executions import PipelineRuns

        return PipelineRuns(settings.pipeline_arn())

    def start_run(self, key: str) -> str:
        """Run the pipeline on a file that is there; FileNotThereError if it is not."""
        from mlops.stores.s3 import S3ObjectStore

        try:
            S3ObjectStore().pin(settings.data_bucket(), key)
        except KeyError:
            raise FileNotThereError(f"There is no file {key!r} in the data bucket: upload it") from None
        return self.runs.start(settings.data_bucket(), key)

    def upload(self, name: str, body: bytes) -> tuple[str, str]:
        """Keep a file in the data bucket where it starts nothing by itself, and run the pipeline on it; key and run."""
        from mlops.stores.s3 import S3ObjectStore

        key = f"uploads/{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{name}"
        S3ObjectStore().put(settings.data_bucket(), key, body, "text/csv")
        return key, self.runs.start(settings.data_bucket(), key)

    def rejections(self, run: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """The first cells that a run refused, and how many there are."""
        from mlops.data.ingest import QUARANTINE
        from mlops.stores.s3 import S3ObjectStore

        found = self.runs.find(run)
        named = re.search(rf"{QUARANTINE}([0-9a-f]{{16}})", found["cause"] or "")  # a refused file has no dataset
        version = found["dataset_version"] or (named and named[1])
        if not version or found["rejected"] == 0:
            return [], 0
        try:
            body, _ = S3ObjectStore().get(settings.data_bucket(), f"{QUARANTINE}{version}.jsonl")
        except KeyError:
            return [], 0
        lines = body.splitlines()
        return [json.loads(line) for line in lines[:limit]], len(lines)

    @cached_property
    def batches(self) -> "Batches":
        from mlops.batch.status import Batches
        from mlops.stores.batch_runs import StepFunctionsRuns
        from mlops.stores.s3 import S3ObjectStore

        return Batches(S3ObjectStore(), settings.data_bucket(), StepFunctionsRuns(settings.batch_scoring_arn()))

    def start_batch(self, keys: Sequence[str], format: "Format", version: str | None) -> dict[str, Any]:
        """Have files of the data bucket scored by a version, the champion unless told; ModelNotFoundError of others."""
        from mlops.batch.request import request
        from mlops.registry.versions import CARD

        if version is None:
            version = self.registry.serving().version
        else:
            self.registry.artifact(version, CARD)
        batches = self.batches
        asked = request(batches.objects, batches.bucket, self.case.name, version, keys, format)
        return batches.start(asked)

    def is_admin_key(self, key: str) -> bool:
        """Whether it is the admin API key. A new one holds after 2 seconds, the old one no longer than 30."""
        from mlops.stores import secrets

        name = settings.admin_key_secret()
        return any(
            compare_digest(key.encode(), secrets.read(name, age).encode()) for age in (secrets.MAX_AGE, secrets.PAUSE)
        )

    @cached_property
    def _database(self) -> "Database":
        from mlops.stores.postgres.database import Database

        return Database(settings.database_url(), DATABASE_TIMEOUT)
