"""Small forests, so that a test takes seconds."""

from dataclasses import replace

import numpy as np
import pytest

from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase


@pytest.fixture(scope="session")
def small(case: UseCase) -> UseCase:
    """The use case with forests of five trees."""
    return replace(case, search=replace(case.search, trees=5))


@pytest.fixture(scope="session")
def some_rows(training_rows: TrainingSet) -> TrainingSet:
    """The first three hundred rows of the passenger list."""
    return training_rows.take(np.arange(300))
