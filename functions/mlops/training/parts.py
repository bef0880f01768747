"""A dataset as training takes it: read, found large enough, and divided."""

from collections.abc import Callable

from mlops.errors import InvalidInputError, NotEnoughDataError
from mlops.model.holdout import Parts, divide
from mlops.model.search import FOLDS
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase

# Enough of each class that every fold and the hold-out hold several of both.
MINIMUM_ROWS = 50
MINIMUM_OF_A_CLASS = FOLDS + 1


def parts(case: UseCase, read: Callable[[], TrainingSet], dataset_version: str, schema_hash: str) -> Parts:
    """The dataset's rows, divided; NotEnoughDataError if it cannot carry a model."""
    if schema_hash != case.schema_hash:
        raise InvalidInputError(f"This code trains on feature schema {case.schema_hash}, not {schema_hash}")
    rows = read()
    positive = int(rows.labels.sum())
    (many, few) = case.entity[1], min(positive, len(rows) - positive)
    if len(rows) < MINIMUM_ROWS or few < MINIMUM_OF_A_CLASS:
        no, yes = case.label.titles
        raise NotEnoughDataError(
            f"Dataset {dataset_version} has {len(rows)} {many}, {positive} of them {yes!r}: a model needs at least "
            f"{MINIMUM_ROWS}, with {MINIMUM_OF_A_CLASS} {yes!r} and as many {no!r}"
        )
    if all(rows.features[name].nunique(dropna=False) == 1 for name in rows.features):
        raise NotEnoughDataError(
            f"All {len(rows)} {many} of dataset {dataset_version} are alike: nothing can be learnt"
        )
    return divide(case, rows)
