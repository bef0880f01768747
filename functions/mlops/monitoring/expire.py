"""Expire: drop what is too old or too many, and nothing that the champion, its predecessors or a decision needs."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops.data.datasets import DatasetStore
from mlops.data.labels import COMPOSED
from mlops.errors import ModelCorruptedError, ModelNotFoundError
from mlops.monitoring.retraining import Retrainings
from mlops.registry.decisions import DecisionLog
from mlops.registry.versions import CARD, Registry, RegistryReader
from mlops.telemetry import metrics
from mlops.telemetry.stores import Telemetry

# Decisions about the champion that are asked for its predecessors.
LATEST_DECISIONS = 50
# What batch scoring is given and leaves in the data bucket.
SCORED = ("batches/", "scoring/")
# What the steps of training leave for one another in the models bucket, and how long: twice the longest run.
UNFINISHED, UNFINISHED_FOR = "training/", timedelta(hours=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: how long reports and scored files are, and how many of the newest models and dataset versions."""

    reports: timedelta
    batches: timedelta
    models: int
    datasets: int


def expire(
    registry: Registry,
    data_bucket: str,
    datasets: DatasetStore,
    decisions: DecisionLog,
    retrainings: Retrainings,
    telemetry: Telemetry,
    retention: Retention,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, int]:
    """How many of each were dropped. Idempotent: what was broken off is dropped by the next call.

    Kept are the versions that the champion pointer names, those that decisions about the champion name, and the
    datasets that the remaining models were trained on.
    """
    objects, bucket, before = registry.store, registry.bucket, now() - retention.reports
    referred = retrainings.forget(before)
    reports = [key for key in objects.keys(bucket, "drift/") if key < f"drift/{before:%Y%m%dT%H%M%S}"]
    for key in (reports := [key for key in reports if key not in referred]):
        objects.delete(bucket, key)

    versions = list(registry.reader.versions())
    needed = _served(registry, decisions) | {version for version, _ in versions[: retention.models]}
    # One without a time of publication may be in the midst of it.
    dropped = [version for version, at in versions if at and version not in needed]
    for version in dropped:
        registry.drop(version)

    remaining = {version for version, _ in versions}.difference(dropped) | needed
    tables = 0
    for version in datasets.forget(retention.datasets, _trained_on(registry.reader, remaining)):
        tables += 1
        for key in ("quarantine/{}.jsonl", "quality/{}.json", f"{COMPOSED}{{}}.csv", f"{COMPOSED}{{}}.json"):
            objects.delete(data_bucket, key.format(version))

    scored = [
        each.key
        for prefix in SCORED
        for each in objects.listed(data_bucket, prefix)
        if each.at < now() - retention.batches
    ]
    for key in scored:
        objects.delete(data_bucket, key)

    unfinished = [each.key for each in objects.listed(bucket, UNFINISHED) if each.at < now() - UNFINISHED_FOR]
    for key in unfinished:
        objects.delete(bucket, key)

    scores = (name.split("|") for name in telemetry.totals() if name.startswith(f"{metrics.SCORE}|"))
    totals = ["|".join(parts) for parts in scores if parts[1] not in remaining]
    telemetry.drop(totals)
    dropped_of = {
        "reports": reports,
        "models": dropped,
        "batch_files": scored,
        "training_files": unfinished,
        "totals": totals,
    }
    return {**{name: len(each) for name, each in dropped_of.items()}, "datasets": tables}


def _served(registry: Registry, decisions: DecisionLog) -> set[str]:
    """The champion, and the versions that its pointer and the decisions about it name."""
    champion = registry.reader.champion()
    if champion is None:
        return set()
    about = decisions.about([champion.version], LATEST_DECISIONS).get(champion.version, [])
    named = (champion.version, champion.previous, champion.anchor)
    return {version for version in (*named, *(each.previous for each in about)) if version}


def _trained_on(reader: RegistryReader, versions: Iterable[str]) -> set[str]:
    """The datasets of model versions, as far as they can be read: what cannot be read cannot be judged again either."""
    found = set()
    for version in versions:
        try:
            found.add(json.loads(reader.artifact(version, CARD)).get("dataset_version"))
        except (ModelNotFoundError, ModelCorruptedError) as error:
            _log.warning("The dataset of a model is not known: %s", error)
    return {name for name in found if name}
