"""Crown: make a version champion by hand, past the gate. Rollback is this same step."""

import re
from dataclasses import dataclass

from titanic.errors import ModelNotFoundError
from titanic.registry import Registry

_VERSION = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Crowned:
    """Who is champion now, and who was before."""

    model_version: str
    previous: str | None


def crown(registry: Registry, version: str) -> Crowned:
    """Switch the champion to a version that is there and can be served; of the champion itself it changes nothing.

    ModelNotFoundError, ModelCorruptedError, or PromotionConflictError if the champion moved meanwhile.
    """
    if not _VERSION.fullmatch(version):
        raise ModelNotFoundError(f"There is no model version {version!r}")
    registry.shelf.model(version)
    champion = registry.shelf.champion()
    if champion and champion.version == version:
        return Crowned(version, version)
    registry.enthrone(version, "By hand, through the API", champion)
    return Crowned(version, champion.version if champion else None)
