"""From a published model to the champion, if the gate lets it through."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from mlops.errors import ModelCorruptedError, ModelNotFoundError, PromotionConflictError
from mlops.features.stores import OfflineStore
from mlops.model.evaluation import members
from mlops.model.portable import Model
from mlops.model.training_set import TrainingSet, records
from mlops.registry.audit import catch_up, of_champion
from mlops.registry.decisions import DecisionLog, ModelDecision
from mlops.registry.versions import CARD, MODEL, Champion, Registry
from mlops.training.gate import Standing, Verdict, judge
from mlops.training.parts import parts
from mlops.use_case import Derived, UseCase

# A conflict means that another run finished first, so a few rounds are enough for any number of sane pipelines.
ROUNDS = 5
TIMED_PREDICTIONS = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate decided, who is champion afterwards, and the challenger's accuracy on the held-out rows."""

    verdict: Verdict
    champion: str | None
    accuracy: float


def promote(
    case: UseCase,
    offline: OfflineStore,
    registry: Registry,
    decisions: DecisionLog,
    version: str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Judge a version against the champion on the hold-out of its own dataset, and let it serve if it is no worse.

    If another run moves the champion meanwhile, the judgement is made anew against the new one. Whatever is decided
    is recorded.
    """
    catch_up(registry, decisions)
    described = json.loads(registry.reader.artifact(version, CARD))
    holdout = parts(case, offline, described["dataset_version"], described["schema_hash"]).holdout
    challenger = _standing(case, registry, version, holdout)
    for _ in range(ROUNDS):
        champion = registry.reader.champion()
        standing, remark = _champions(case, registry, champion, holdout)
        verdict = judge(challenger, standing)
        verdict = replace(verdict, reason=remark + verdict.reason)
        serving = champion.version if champion else None
        if verdict.decision != "promoted":
            at = now().isoformat(timespec="milliseconds")
            decisions.record(
                ModelDecision(at, version, verdict.decision, verdict.reason, serving, serving, verdict.evidence())
            )
            return Outcome(verdict, serving, challenger.accuracy)
        try:
            promoted = registry.set_champion(version, verdict.reason, champion)
        except PromotionConflictError:
            continue
        decisions.record(of_champion(promoted, verdict.evidence()))
        return Outcome(verdict, version, challenger.accuracy)
    raise PromotionConflictError(f"The champion moved {ROUNDS} times while model {version} was judged: try again")


def _champions(
    case: UseCase, registry: Registry, champion: Champion | None, holdout: TrainingSet
) -> tuple[Standing | None, str]:
    """The champion's standing, and a remark; none of one that this code cannot serve, for it defends nothing."""
    if champion is None:
        return None, ""
    try:
        return _standing(case, registry, champion.version, holdout), ""
    except (ModelNotFoundError, ModelCorruptedError) as error:
        return None, f"Champion {champion.version} cannot be served any more ({error}). "


def _standing(case: UseCase, registry: Registry, version: str, holdout: TrainingSet) -> Standing:
    serving, judged = registry.reader.model(version), registry.reader.holdout_model(version)
    (first,) = records(holdout.features.iloc[:1])
    return Standing(
        version,
        judged.score(holdout.features),
        holdout.labels.tolist(),
        validation=json.loads(registry.reader.artifact(version, CARD))["cross_validation"],
        slices=members(case.slices, holdout.features),
        seconds=_seconds(serving, first),
        size=len(registry.reader.artifact(version, MODEL)),
    )


def _seconds(model: Model, row: Derived) -> float:
    """What one explained prediction takes here, as a request makes it."""
    taken = []
    for _ in range(TIMED_PREDICTIONS):
        began = perf_counter()
        model.explanations([row])
        taken.append(perf_counter() - began)
    return median(taken)
