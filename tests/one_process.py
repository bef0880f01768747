"""The search in one process, by scikit-learn's own RandomizedSearchCV: what the one that is spread must equal."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold

from mlops.model import search
from mlops.model.estimator import SEED, grow
from titanic.encoder import Encoder
from titanic.features import Derived


class Forest(ClassifierMixin, BaseEstimator):
    """Encoder and forest as one scikit-learn estimator, so that RandomizedSearchCV fits both inside each fold."""

    def __init__(
        self,
        max_depth: int = 1,
        min_samples_leaf: int = 1,
        max_features: Any = 1.0,
        criterion: str = "gini",
        n_estimators: int | None = None,
    ) -> None:
        self.max_depth, self.min_samples_leaf = max_depth, min_samples_leaf
        self.max_features, self.criterion, self.n_estimators = max_features, criterion, n_estimators

    def fit(self, x: Any, y: Any) -> "Forest":
        self.classes_ = np.array([0, 1])
        self.encoder_, matrix = Encoder.fit_transform(list(x), y.tolist())
        params = {name: value for name, value in self.get_params().items() if value is not None}
        self.forest_ = grow(params, matrix, y.tolist())
        return self

    def predict(self, x: Any) -> Any:
        return self.forest_.predict(self.encoder_.transform(list(x)))


def searched(
    rows: Sequence[Derived],
    survived: Sequence[int],
    candidates: int,
    folds: int = search.FOLDS,
    jobs: int = 1,
    fixed: Mapping[str, Any] | None = None,
) -> RandomizedSearchCV:
    """The search after its end; `fixed` are parameters that every candidate has."""
    splitter = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    whole = RandomizedSearchCV(
        Forest(**(fixed or {})),
        dict(search.SPACE),
        n_iter=candidates,
        random_state=SEED,
        cv=splitter,
        refit=False,
        n_jobs=jobs,
    )
    return whole.fit(np.array(rows, dtype=object), np.array(survived))
