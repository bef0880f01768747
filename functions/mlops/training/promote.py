"""From a published model to the champion, if the gate lets it through."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from mlops.errors import ModelCorruptedError, ModelNotFoundError, PromotionConflictError
from mlops.model.portable import Model
from mlops.ports import DecisionLog, ModelDecision, OfflineStore
from mlops.registry.audit import catch_up, of_champion
from mlops.registry.versions import CARD, MODEL, Champion, Registry
from mlops.training.gate import Standing, Verdict, judge
from mlops.training.train import Rows, parts
from titanic.features import Derived
from titanic.slices import members

# A conflict means that another run finished first, so a few rounds are enough for any number of sane pipelines.
ROUNDS = 5
TIMED_PREDICTIONS = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate decided, who is champion afterwards, and the challenger's accuracy on the held-out passengers."""

    verdict: Verdict
    champion: str | None
    accuracy: float


def promote(
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
    described = json.loads(registry.shelf.artifact(version, CARD))
    rest = parts(offline, described["dataset_version"], described["schema_hash"]).holdout
    challenger = _standing(registry, version, rest)
    for _ in range(ROUNDS):
        champion = registry.shelf.champion()
        standing, remark = _champions(registry, champion, rest)
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
            crowned = registry.enthrone(version, verdict.reason, champion)
        except PromotionConflictError:
            continue
        decisions.record(of_champion(crowned, verdict.evidence()))
        return Outcome(verdict, version, challenger.accuracy)
    raise PromotionConflictError(f"The champion moved {ROUNDS} times while model {version} was judged: try again")


def _champions(registry: Registry, champion: Champion | None, rest: Rows) -> tuple[Standing | None, str]:
    """The champion's standing, and a remark; none of one that this code cannot serve, for it defends nothing."""
    if champion is None:
        return None, ""
    try:
        return _standing(registry, champion.version, rest), ""
    except (ModelNotFoundError, ModelCorruptedError) as error:
        return None, f"Champion {champion.version} cannot be served any more ({error}). "


def _standing(registry: Registry, version: str, rest: Rows) -> Standing:
    serving = registry.shelf.model(version)
    return Standing(
        version,
        registry.shelf.judged(version).probabilities(rest.features),
        rest.survived,
        slices=members(rest.features),
        seconds=_seconds(serving, rest.features[0]),
        size=len(registry.shelf.artifact(version, MODEL)),
    )


def _seconds(model: Model, row: Derived) -> float:
    """What one explained prediction takes here, as a request makes it."""
    taken = []
    for _ in range(TIMED_PREDICTIONS):
        began = perf_counter()
        model.explanations([row])
        taken.append(perf_counter() - began)
    return median(taken)
