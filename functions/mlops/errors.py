"""Typed errors: their names are what the state machine retries and catches on.

Raised where the fact is known, caught once at the boundary. A message names what is wrong and the remedy.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.ports import Rejection


class TitanicError(Exception):
    """Root of the product's own errors."""


class InvalidInputError(TitanicError):
    """What came in cannot be used as it is; trying again without changing it is pointless."""


class DatasetRefusedError(InvalidInputError):
    """A file that is not a passenger list, or holds too many bad rows: nothing of it was loaded.

    `rejections` are the first faults of the latter.
    """

    def __init__(self, words: str, rejections: "Sequence[Rejection]" = ()) -> None:
        super().__init__(words)
        self.rejections = rejections


class DatasetNotFoundError(InvalidInputError):
    """No such dataset version, or a step before this one has not made what it needs of it."""


class NotEnoughDataError(InvalidInputError):
    """The dataset cannot carry a model: too few rows, or one class only."""


class SearchFailedError(TitanicError):
    """No candidate of a search could be evaluated."""


class ModelNotFoundError(TitanicError):
    """There is no such model version."""


class PredictionNotFoundError(TitanicError):
    """There is no such prediction, or it is older than the retention."""


class NoChampionError(ModelNotFoundError):
    """No model was promoted yet: run the pipeline first."""


class ModelCorruptedError(TitanicError):
    """A model artifact whose digest, format or feature schema is not what this code can serve."""


class StoreUnavailableError(TitanicError):
    """A store did not answer; trying again later is right."""


class PromotionConflictError(TitanicError):
    """Another run moved the champion pointer first; read it again and judge anew."""


class UseCaseError(TitanicError):
    """The declaration of a use case cannot work, or there is none of that name."""
