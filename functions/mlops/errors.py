"""Typed errors: their names are what the state machine retries and catches on.

Raised where the fact is known, caught once at the boundary. A message names what is wrong and the remedy.
"""


class MlopsError(Exception):
    """Root of the machinery's own errors."""


class UseCaseError(MlopsError):
    """The declaration of a use case cannot work, or there is none of that name."""


class InvalidInputError(MlopsError):
    """What came in cannot be used as it is; trying again without changing it is pointless."""


class DatasetNotFoundError(InvalidInputError):
    """No such dataset version, or a step before this one has not made what it needs of it."""


class FileNotThereError(InvalidInputError):
    """There is no such file in the data bucket."""


class FeaturesIncompleteError(MlopsError):
    """Parts of a dataset's features are missing, so the rest is not published."""


class NotEnoughDataError(InvalidInputError):
    """The dataset cannot carry a model: too few rows, or one class only."""


class SearchFailedError(MlopsError):
    """No candidate of a search could be evaluated."""


class ModelNotFoundError(MlopsError):
    """There is no such model version."""


class PredictionNotFoundError(MlopsError):
    """There is no such prediction, or it is older than the retention."""


class RunNotFoundError(MlopsError):
    """There is no such run of the pipeline, or Step Functions has forgotten it."""


class BatchNotFoundError(MlopsError):
    """There is no such batch."""


class EntityNotFoundError(MlopsError):
    """The online store holds nothing of this id."""


class NoChampionError(ModelNotFoundError):
    """No model was promoted yet: run the pipeline first."""


class ModelCorruptedError(MlopsError):
    """A model artifact whose digest, format or feature schema is not what this code can serve."""


class StoreUnavailableError(MlopsError):
    """A store did not answer; trying again later is right."""


class PromotionConflictError(MlopsError):
    """Another run moved the champion pointer first; read it again and judge anew."""
