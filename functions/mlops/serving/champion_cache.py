"""The champion as one execution environment serves it: loaded once, looked after, swapped without a restart."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from mlops.errors import ModelCorruptedError, ModelNotFoundError, StoreUnavailableError
from mlops.model.portable import Model
from mlops.registry.versions import RegistryReader

# Seconds that a promotion or a rollback may take to reach serving, and between two tries while the store is away.
REFRESH_SECONDS = 3.0
RETRY_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What serves now. `trouble` says why it may not be the newest champion; empty if nothing was in the way."""

    version: str
    model: Model
    trouble: str = ""


class ChampionCache:
    """The cached champion; lives as long as the execution environment."""

    def __init__(self, registry: RegistryReader, clock: Callable[[], float] = monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._served: ServedModel | None = None
        self._look_again = float("-inf")

    def champion(self) -> ServedModel:
        """The champion, its pointer no older than `REFRESH_SECONDS` seconds.

        If the store is away or the new champion cannot be served, the one before keeps serving. With none before:
        NoChampionError, StoreUnavailableError or ModelCorruptedError.
        """
        if self._served is not None and self._clock() < self._look_again:
            return self._served
        return self.refresh()

    def refresh(self) -> ServedModel:
        """Look for a new champion now, as `champion` does when it is due, and a server beside its requests."""
        try:
            self._served = self._fetched()
            self._look_again = self._clock() + REFRESH_SECONDS
        except (StoreUnavailableError, ModelNotFoundError, ModelCorruptedError) as error:
            if self._served is None:
                raise
            _log.warning("Model %s keeps serving: %s", self._served.version, error)
            self._served = ServedModel(self._served.version, self._served.model, str(error))
            self._look_again = self._clock() + RETRY_SECONDS
        return self._served

    def _fetched(self) -> ServedModel:
        champion = self._registry.serving()
        if self._served is not None and champion.version == self._served.version:
            return ServedModel(champion.version, self._served.model)
        return ServedModel(champion.version, self._registry.model(champion.version))
