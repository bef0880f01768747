"""Retrain: from a drift report and labels that became known to a pipeline run, or to the reason why not."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from mlops.data import labels
from mlops.data.datasets import DatasetStore
from mlops.data.labels import Labelled
from mlops.data.objects import ObjectStore
from mlops.errors import StoreUnavailableError
from mlops.monitoring.drift import drifted
from mlops.monitoring.retraining import Evidence, Policy, Retraining, Retrainings, judge
from mlops.registry.versions import CARD, RegistryReader

# Decisions that are looked back on; more than a day of them.
REMEMBERED = 3000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outward:
    """What acting is: `request` starts the pipeline on an object, `notify` tells people, in a subject and words."""

    request: Callable[[str, str], None]
    notify: Callable[[str, str], None]


def retrain(
    registry: RegistryReader,
    objects: ObjectStore,
    datasets: DatasetStore,
    retrainings: Retrainings,
    outward: Outward,
    bucket: str,
    policy: Policy,
    report: Mapping[str, Any],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Retraining:
    """Decide, act on it and record it, in one transaction: two at once cannot both start, and a start that EventBridge
    did not take is none. `bucket` is that of data.

    The next dataset is the champion's and those rows whose label became known; the gate judges what becomes of it.
    """
    case = registry.case
    trained_on = json.loads(registry.artifact(report["model_version"], CARD))["dataset_version"]
    labelled = retrainings.labelled()
    base = list(datasets.rows(trained_on)) if labelled else []
    new = labels.newly_known(case, base, labelled)

    def decision(earlier: Sequence[Retraining]) -> Retraining:
        # What a start was already made with is no news, whatever the gate made of it.
        tried = [each.evidence["labelled"] for each in earlier if _is_start(each, policy, trained_on)]
        fresh = max(len(new) - max(tried, default=0), 0)
        decided = judge(Evidence(report["sustained"], drifted(report), fresh), earlier, policy, now())
        evidence = {**_known(report), "base": trained_on, "labelled": len(new), "new_labels": fresh}
        if decided.decision == "held":
            return replace(decided, evidence=evidence)
        body = labels.as_csv(case, [*base, *(each.row for each in new)])
        version = sha256(body).hexdigest()[:16]
        if not policy.dry_run:
            _keep(objects, bucket, version, body, trained_on, new)
            outward.request(bucket, f"{labels.COMPOSED}{version}.csv")
        return replace(decided, dataset_version=version, evidence=evidence)

    decided = retrainings.decide(decision, REMEMBERED)
    if decided.decision == "started":
        verb = "would be started (dry run)" if policy.dry_run else "started"
        try:
            outward.notify(f"{case.title}: retraining {verb}", _words(decided, verb))
        except StoreUnavailableError as error:  # what was started and recorded is no failure
            _log.warning("Nobody was told: %s", error)
    return decided


def in_short(decided: Retraining) -> dict[str, Any]:
    """What of a decision a log or an event needs."""
    names = ("decision", "trigger", "reason", "dry_run", "dataset_version")
    return {name: getattr(decided, name) for name in names}


def _is_start(each: Retraining, policy: Policy, base: str) -> bool:
    return each.decision == "started" and each.dry_run <= policy.dry_run and each.evidence["base"] == base


def _known(report: Mapping[str, Any]) -> dict[str, Any]:
    """What of a report a decision rests on."""
    names = ("report_key", "model_version", "status", "window", "sustained", "performance")
    psi = {each["name"]: each["psi"] for each in (*report["features"], report["prediction"])}
    return {**{name: report[name] for name in names}, "drifted": drifted(report), "psi": psi}


def _keep(objects: ObjectStore, bucket: str, version: str, body: bytes, base: str, new: Sequence[Labelled]) -> None:
    """The table, and before it where each row that it adds comes from."""
    provenance = {"base": base, "predictions": {each.row.row_id: each.prediction_id for each in new}}
    objects.put(bucket, f"{labels.COMPOSED}{version}.json", json.dumps(provenance).encode(), "application/json")
    objects.put(bucket, f"{labels.COMPOSED}{version}.csv", body, "text/csv")


def _words(decided: Retraining, verb: str) -> str:
    return (
        f"Retraining {verb}, because {decided.reason}.\n\n"
        f"Dataset {decided.dataset_version} is the champion's, {decided.evidence['base']}, and "
        f"{decided.evidence['labelled']} rows whose label became known. The gate decides whether its model serves."
    )
