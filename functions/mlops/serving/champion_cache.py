"""The champion as one execution environment serves it: loaded once, looked after, swapped without a restart."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from mlops.errors import ModelCorruptedError, ModelNotFoundError, NoChampionError, StoreUnavailableError
from mlops.model.portable import Model
from mlops.registry.versions import Shelf

# Seconds that a promotion or a rollback may take to reach serving, and between two tries while the store is away.
PATIENCE = 3.0
PATIENCE_WITH_TROUBLE = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """What serves now. `trouble` says why it may not be the newest champion; empty if nothing was in the way."""

    version: str
    model: Model
    trouble: str = ""


class Incumbent:
    """The cached champion; lives as long as the execution environment."""

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = monotonic) -> None:
        self._shelf = shelf
        self._clock = clock
        self._serving: Serving | None = None
        self._look_again = float("-inf")

    def serving(self) -> Serving:
        """The champion, its pointer no older than `PATIENCE` seconds.

        If the store is away or the new champion cannot be served, the one before keeps serving. With none before:
        NoChampionError, StoreUnavailableError or ModelCorruptedError.
        """
        if self._serving is not None and self._clock() < self._look_again:
            return self._serving
        return self.refresh()

    def refresh(self) -> Serving:
        """Look for a new champion now, as `serving` does when its patience ends, and a server beside its requests."""
        try:
            self._serving = self._fetched()
            self._look_again = self._clock() + PATIENCE
        except (StoreUnavailableError, ModelNotFoundError, ModelCorruptedError) as error:
            if self._serving is None:
                raise
            _log.warning("Model %s keeps serving: %s", self._serving.version, error)
            self._serving = Serving(self._serving.version, self._serving.model, str(error))
            self._look_again = self._clock() + PATIENCE_WITH_TROUBLE
        return self._serving

    def _fetched(self) -> Serving:
        champion = self._shelf.champion()
        if champion is None:
            raise NoChampionError("No model was promoted yet: run the pipeline first")
        if self._serving is not None and champion.version == self._serving.version:
            return Serving(champion.version, self._serving.model)
        return Serving(champion.version, self._shelf.model(champion.version))
