"""A prediction history in a dictionary."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from mlops.errors import StoreUnavailableError
from mlops.monitoring.stores import Stream


class MemoryPredictionHistory:
    """Implements `monitoring.stores.PredictionHistory` of a label whose key is `key`; does not answer while `away`."""

    def __init__(self, key: str = "survived") -> None:
        self._key = key
        self.predictions: dict[str, dict[str, Any]] = {}
        self._positions: dict[str, str] = {}
        self.away = False

    def position(self, stream: Stream = "predictions") -> str:
        self._answer()
        return self._positions.get(stream, "")

    def keep(
        self,
        predictions: Sequence[Mapping[str, Any]],
        outcomes: Sequence[Mapping[str, Any]] = (),
        positions: Mapping[Stream, str] = {},
    ) -> int:
        self._answer()
        new = [each for each in predictions if each["prediction_id"] not in self.predictions]
        self.predictions |= {each["prediction_id"]: {**each, "outcome": None} for each in new}
        for each in outcomes:
            if each["prediction_id"] in self.predictions:
                self.predictions[each["prediction_id"]]["outcome"] = each[self._key]
        self._positions |= positions
        return len(new)

    def known(self, prediction_ids: Collection[str]) -> set[str]:
        self._answer()
        return set(prediction_ids) & self.predictions.keys()

    def outcomes(self, model_version: str, limit: int) -> tuple[int, int]:
        self._answer()
        known = [
            each
            for each in sorted(self.predictions.values(), key=lambda each: str(each["at"]), reverse=True)
            if each["model_version"] == model_version and each["outcome"] is not None
        ][:limit]
        return sum(each[self._key] == each["outcome"] for each in known), len(known)

    def forget(self, before: datetime) -> int:
        self._answer()
        old = [name for name, each in self.predictions.items() if datetime.fromisoformat(each["at"]) < before]
        for name in old:
            del self.predictions[name]
        return len(old)

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailableError("away")
