"""Set the champion: make a version champion by hand, past the gate. Rollback is this same step."""

import logging
import re
from dataclasses import dataclass

from mlops.errors import ModelNotFoundError, StoreUnavailableError
from mlops.registry.audit import catch_up, of_champion
from mlops.registry.decisions import DecisionLog
from mlops.registry.versions import Registry

REASON = "By hand, through the API"
_VERSION = re.compile("[0-9a-f]{16}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewChampion:
    """Who is champion now, and who was before."""

    model_version: str
    previous: str | None


def set_champion(registry: Registry, decisions: DecisionLog, version: str) -> NewChampion:
    """Switch the champion to a version that is there and can be served; of the champion itself it changes nothing.

    ModelNotFoundError, ModelCorruptedError, or PromotionConflictError if the champion moved meanwhile. A rollback must
    not wait for PostgreSQL: with that away it is recorded by the next decision.
    """
    if not _VERSION.fullmatch(version):
        raise ModelNotFoundError(f"There is no model version {version!r}")
    registry.reader.model(version)
    champion = registry.reader.champion()
    if champion and champion.version == version:
        return NewChampion(version, version)
    try:
        catch_up(registry, decisions)
    except StoreUnavailableError as error:
        _log.warning("The champion's own promotion may not be recorded: %s", error)
    champion = registry.set_champion(version, REASON, champion, "set_by_hand")
    try:
        decisions.record(of_champion(champion, {}))
    except StoreUnavailableError as error:
        _log.warning("The promotion of %s will be recorded by the next decision: %s", version, error)
    return NewChampion(version, champion.previous)
