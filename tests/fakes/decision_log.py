"""The registry's audit in a list."""

from collections.abc import Collection
from dataclasses import replace

from mlops.registry.decisions import ModelDecision


class MemoryDecisionLog:
    """Implements `registry.decisions.DecisionLog`."""

    def __init__(self) -> None:
        self.rows: list[ModelDecision] = []

    def record(self, decision: ModelDecision) -> None:
        for place, known in enumerate(self.rows):
            if (known.model_version, known.at, known.decision) == (
                decision.model_version,
                decision.at,
                decision.decision,
            ):
                if not known.evidence:
                    self.rows[place] = replace(known, evidence=decision.evidence)
                return
        self.rows.append(decision)

    def about(self, versions: Collection[str], latest: int) -> dict[str, list[ModelDecision]]:
        found: dict[str, list[ModelDecision]] = {}
        for each in self._newest_first():
            if each.model_version in versions and len(found.setdefault(each.model_version, [])) < latest:
                found[each.model_version].append(each)
        return found

    def _newest_first(self) -> list[ModelDecision]:
        ordered = sorted(enumerate(self.rows), key=lambda each: (each[1].at, each[0]), reverse=True)
        return [each for _, each in ordered]
