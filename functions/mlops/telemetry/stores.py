"""Port: totals that many short-lived instances add to, gauges, and readings of the totals over time."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from mlops.telemetry.activity import Reading


class Telemetry(Protocol):
    """What was counted and measured; StoreUnavailableError if the store does not answer."""

    def totals(self) -> dict[str, float]:
        """The sum of all observations of each name."""

    def record_once(self, name: str, observations: Mapping[str, float]) -> bool:
        """Add observations to the totals unless that was done under this name before; whether it was done now."""

    def drop(self, totals: Collection[str]) -> None:
        """Delete totals by name."""

    def measure(self, gauges: Mapping[str, float]) -> None:
        """Keep these values."""

    def gauges(self) -> dict[str, float]:
        """The latest value of each gauge."""

    def keep_reading(self, reading: Reading) -> None:
        """Keep what the totals were at a moment, for a week or so."""

    def readings(self, since: datetime) -> list[Reading]:
        """The readings kept since a time, oldest first."""
