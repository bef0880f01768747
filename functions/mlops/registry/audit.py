"""Audit: every decision about a model version becomes a row, and none about the champion is missing."""

from collections.abc import Mapping
from typing import Any

from mlops.registry.decisions import DecisionLog, ModelDecision
from mlops.registry.versions import Champion, Registry


def catch_up(registry: Registry, decisions: DecisionLog) -> None:
    """Record the promotion behind the champion pointer if its row is missing, for its writer may have died between.

    The pointer is the truth, and it holds all that a row needs but the evidence.
    """
    champion = registry.reader.champion()
    if champion:  # a row that is there already stays as it is
        decisions.record(of_champion(champion, {}))


def of_champion(champion: Champion, evidence: Mapping[str, Any]) -> ModelDecision:
    """The decision that a champion pointer tells of."""
    version = champion.version
    about = (champion.at, version, champion.decision, champion.reason)
    return ModelDecision(*about, champion=version, previous=champion.previous, evidence=evidence)
