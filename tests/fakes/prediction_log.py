"""A prediction log in a list."""

from collections.abc import Mapping, Sequence
from typing import Any


class MemoryPredictionLog:
    """Implements `ports.PredictionLog`."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        self._entries += map(dict, predictions)

    def recent(self, limit: int) -> list[dict[str, Any]]:
        return self._entries[::-1][:limit]
