"""From a published model to the champion, if the gate lets it through."""

import json
from dataclasses import dataclass

from titanic.errors import ModelCorruptedError, ModelNotFoundError, PromotionConflictError
from titanic.model import Model
from titanic.ports import OfflineStore
from titanic.promotion import Standing, Verdict, judge
from titanic.registry import CARD, Champion, Registry
from titanic.workflows.train import Rows, parts

# A conflict means that another run finished first, so a few rounds are enough for any number of sane pipelines.
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate decided, who is champion afterwards, and the challenger's accuracy on the held-out passengers."""

    verdict: Verdict
    champion: str | None
    accuracy: float


def promote(offline: OfflineStore, registry: Registry, version: str) -> Outcome:
    """Judge a version against the champion on the hold-out of its own dataset, and let it serve if it is no worse.

    If another run moves the champion meanwhile, the judgement is made anew against the new one.
    """
    described = json.loads(registry.shelf.artifact(version, CARD))
    _, rest = parts(offline, described["dataset_version"], described["schema_hash"])
    challenger = _standing(version, registry.shelf.model(version), rest)
    for _ in range(ROUNDS):
        champion = registry.shelf.champion()
        standing, remark = _champions(registry, champion, rest)
        verdict = judge(challenger, standing)
        reason = remark + verdict.reason
        serving = champion.version if champion else None
        if verdict.decision != "promoted":
            return Outcome(Verdict(verdict.decision, reason), serving, challenger.accuracy)
        try:
            registry.enthrone(version, reason, champion)
        except PromotionConflictError:
            continue
        return Outcome(Verdict(verdict.decision, reason), version, challenger.accuracy)
    raise PromotionConflictError(f"The champion moved {ROUNDS} times while model {version} was judged: try again")


def _champions(registry: Registry, champion: Champion | None, rest: Rows) -> tuple[Standing | None, str]:
    """The champion's standing, and a remark; none of one that this code cannot serve, for it defends nothing."""
    if champion is None:
        return None, ""
    try:
        return _standing(champion.version, registry.shelf.model(champion.version), rest), ""
    except (ModelNotFoundError, ModelCorruptedError) as error:
        return None, f"Champion {champion.version} cannot be served any more ({error}). "


def _standing(version: str, model: Model, rest: Rows) -> Standing:
    return Standing(version, model.probabilities(rest.features), rest.survived)
