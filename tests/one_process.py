"""The search in one process, by scikit-learn's own RandomizedSearchCV: what the one that is spread must equal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold

from mlops.model import search
from mlops.model.estimator import fit_estimator
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase

_SCORINGS = {"accuracy": "accuracy", "log_loss": "neg_log_loss"}


@dataclass(frozen=True)
class Data:
    """What is trained, and from which rows."""

    case: UseCase
    rows: TrainingSet

    def __deepcopy__(self, memo: Any) -> "Data":
        return self  # scikit-learn copies an estimator's parameters

    def take(self, positions: Any) -> TrainingSet:
        return self.rows.take(np.asarray(positions).ravel())


class Forest(ClassifierMixin, BaseEstimator):
    """Encoder and forest as one scikit-learn estimator of row numbers: RandomizedSearchCV fits both in each fold."""

    def __init__(
        self,
        data: Data,
        max_depth: int = 1,
        min_samples_leaf: int = 1,
        max_features: Any = 1.0,
        criterion: str = "gini",
        n_estimators: int | None = None,
    ) -> None:
        self.data = data
        self.max_depth, self.min_samples_leaf = max_depth, min_samples_leaf
        self.max_features, self.criterion, self.n_estimators = max_features, criterion, n_estimators

    def fit(self, x: Any, y: Any) -> "Forest":
        self.classes_ = np.array([0, 1])
        params = {name: value for name, value in self.get_params().items() if name != "data" and value is not None}
        self.encoder_, self.forest_ = fit_estimator(self.data.case, params, self.data.take(x))
        return self

    def predict(self, x: Any) -> Any:
        return self.forest_.predict(self.encoder_.transform(self.data.take(x).features))

    def predict_proba(self, x: Any) -> Any:
        """Never quite sure, as the search's own scores have it: a logarithm must stay finite."""
        found = self.forest_.predict_proba(self.encoder_.transform(self.data.take(x).features))
        return np.clip(found, 1e-4, 1 - 1e-4)


def searched(
    case: UseCase,
    rows: TrainingSet,
    candidates: int,
    folds: int = search.FOLDS,
    jobs: int = 1,
    fixed: Mapping[str, Any] | None = None,
) -> RandomizedSearchCV:
    """The search after its end; `fixed` are parameters that every candidate has."""
    seed = case.search.seed
    whole = RandomizedSearchCV(
        Forest(Data(case, rows), **(fixed or {})),
        dict(case.search.space),
        n_iter=candidates,
        scoring=_SCORINGS[case.search.scoring],
        random_state=seed,
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        refit=False,
        n_jobs=jobs,
    )
    return whole.fit(np.arange(len(rows))[:, None], rows.labels)
