"""Ports: totals that many short-lived instances add to, gauges, and readings of the totals over time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from mlops.telemetry.activity import Reading


class Totals(Protocol):
    """The sum of all observations of each name."""

    def totals(self) -> dict[str, float]:
        """Every total; StoreUnavailableError, as of all here, if the store does not answer."""

    def record_once(self, name: str, observations: Mapping[str, float]) -> bool:
        """Add observations unless that was done under this name before; whether it was done now."""


class Gauges(Protocol):
    """The latest value of each gauge."""

    def measure(self, gauges: Mapping[str, float]) -> None:
        """Keep these values."""

    def gauges(self) -> dict[str, float]: ...


class Readings(Protocol):
    """What the totals were at moments, for a week or so."""

    def keep_reading(self, reading: Reading) -> None: ...

    def readings(self, since: datetime) -> list[Reading]:
        """The readings kept since a time, oldest first."""


class Telemetry(Totals, Gauges, Readings, Protocol):
    """All three, for those who watch."""
