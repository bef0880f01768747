"""A prediction log in a list, and its totals in a counter."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from titanic.errors import StoreUnavailableError


class MemoryPredictionLog:
    """Implements `ports.PredictionLog`; while `away` is True it does not answer."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._totals: Counter[str] = Counter()
        self.away = False

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        self._answer()
        self._entries += map(dict, predictions)
        self._totals.update(observations)  # type: ignore[arg-type]

    def totals(self) -> dict[str, float]:
        self._answer()
        return dict(self._totals)

    def recent(self, limit: int) -> list[dict[str, Any]]:
        self._answer()
        return self._entries[::-1][:limit]

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailableError("away")
