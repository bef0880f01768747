"""The registry's audit in a list."""

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

    def by_version(self) -> dict[str, list[ModelDecision]]:
        found: dict[str, list[ModelDecision]] = {}
        for each in self._newest_first():
            found.setdefault(each.model_version, []).append(each)
        return found

    def _newest_first(self) -> list[ModelDecision]:
        ordered = sorted(enumerate(self.rows), key=lambda each: (each[1].at, each[0]), reverse=True)
        return [each for _, each in ordered]
