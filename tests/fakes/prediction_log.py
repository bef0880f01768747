"""A prediction log in a list, and its totals in a counter."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from mlops.errors import StoreUnavailableError
from mlops.monitoring.stores import Logged, Stream
from mlops.telemetry.activity import Reading


class MemoryPredictionLog:
    """Implements the ports of the prediction log, its stream and telemetry; does not answer while `away`.

    A position counts entries.
    """

    def __init__(self) -> None:
        self._entries: list[Logged] = []
        self._totals: Counter[str] = Counter()
        self._once: set[str] = set()
        self._gauges: dict[str, float] = {}
        self._readings: list[Reading] = []
        self.away = False

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        self._answer()
        for each in predictions:
            self._entries.append(Logged(str(len(self._entries) + 1), "prediction", dict(each)))
        self._totals.update(observations)  # type: ignore[arg-type]

    def record_once(self, name: str, observations: Mapping[str, float]) -> bool:
        self._answer()
        if new := name not in self._once:
            self._once.add(name)
            self._totals.update(observations)  # type: ignore[arg-type]
        return new

    def totals(self) -> dict[str, float]:
        self._answer()
        return dict(self._totals)

    def drop(self, totals: Collection[str]) -> None:
        self._answer()
        for name in totals:
            self._totals.pop(name, None)

    def measure(self, gauges: Mapping[str, float]) -> None:
        self._answer()
        self._gauges.update(gauges)

    def gauges(self) -> dict[str, float]:
        self._answer()
        return dict(self._gauges)

    def keep_reading(self, reading: Reading) -> None:
        self._answer()
        self._readings.append(reading)

    def readings(self, since: datetime) -> list[Reading]:
        self._answer()
        return [each for each in self._readings if each.at >= since]

    def recent(self, limit: int) -> list[dict[str, Any]]:
        self._answer()
        return [dict(each.content) for each in self._entries[::-1] if each.kind == "prediction"][:limit]

    def holds(self, prediction_id: str) -> bool:
        self._answer()
        return any(each.content["prediction_id"] == prediction_id for each in self._entries)

    def tell(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        self._answer()
        for each in outcomes:
            self._entries.append(Logged(str(len(self._entries) + 1), "outcome", dict(each)))

    def after(self, position: str, limit: int, stream: Stream = "predictions") -> list[Logged]:
        self._answer()
        later = [each for each in self._entries if int(each.position) > int(position or 0)]
        return [each for each in later if f"{each.kind}s" == stream][:limit]

    def forget(self, before: datetime) -> None:
        self._answer()
        self._entries = [each for each in self._entries if datetime.fromisoformat(each.content["at"]) >= before]

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailableError("away")
