"""Labelled rows and decisions in lists."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from mlops.data.labels import Labelled
from mlops.monitoring.retraining import Retraining


class MemoryRetrainings:
    """Implements `monitoring.retraining.Retrainings`; what is labelled is given."""

    def __init__(self, labelled: Sequence[Labelled] = ()) -> None:
        self.known = list(labelled)
        self.decisions: list[Retraining] = []

    def labelled(self) -> list[Labelled]:
        return list(self.known)

    def decide(self, decision: Callable[[Sequence[Retraining]], Retraining], remembered: int) -> Retraining:
        decided = decision(self.recent(remembered))
        self.decisions.append(decided)
        return decided

    def recent(self, count: int) -> list[Retraining]:
        return self.decisions[::-1][:count]

    def forget(self, before: datetime) -> set[str]:
        self.decisions = [each for each in self.decisions if each.decision != "held" or each.at >= before]
        return {str(each.evidence["report_key"]) for each in self.decisions if "report_key" in each.evidence}

    def link(self, runs: Iterable[tuple[str, str]]) -> None:
        named = dict(runs)
        self.decisions = [
            replace(each, execution=named.get(each.dataset_version or "", each.execution)) for each in self.decisions
        ]
