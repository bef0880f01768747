"""The search in one process, by scikit-learn's own RandomizedSearchCV: what the one that is spread must equal."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import RandomizedSearchCV, RepeatedStratifiedKFold

from mlops.model import search
from mlops.model.estimator import grow, with_trees
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase


class Forest(ClassifierMixin, BaseEstimator):
    """Encoder and forest as one scikit-learn estimator, so that RandomizedSearchCV fits both inside each fold."""

    def __init__(
        self,
        case: UseCase | None = None,
        max_depth: int = 1,
        min_samples_leaf: int = 1,
        max_features: Any = 1.0,
        criterion: str = "gini",
        max_samples: float | None = None,
        n_estimators: int | None = None,
    ) -> None:
        self.case, self.max_depth, self.min_samples_leaf = case, max_depth, min_samples_leaf
        self.max_features, self.criterion, self.n_estimators = max_features, criterion, n_estimators
        self.max_samples = max_samples

    def fit(self, x: Any, y: Any) -> "Forest":
        assert self.case is not None
        self.classes_ = np.array([0, 1])
        self.encoder_, matrix = self.case.encoding.fit_transform(x, y)
        params = {name: value for name, value in self.get_params().items() if value is not None and name != "case"}
        self.forest_ = grow(with_trees(self.case.search, search.TREES_SHARE), params, matrix, y)
        return self

    def predict(self, x: Any) -> Any:
        return self.forest_.predict(self.encoder_.transform(x))

    def predict_proba(self, x: Any) -> Any:
        """Never quite sure, as the search's own scores have it: a logarithm must stay finite."""
        return np.clip(self.forest_.predict_proba(self.encoder_.transform(x)), 1e-4, 1 - 1e-4)

    def __sklearn_clone__(self) -> "Forest":
        """A use case is no parameter to be copied."""
        return Forest(**self.get_params(deep=False))


def _leaves(model: Forest, _x: Any, _y: Any) -> float:
    return float(np.mean([tree.get_n_leaves() for tree in model.forest_.estimators_]))


def simplest(results: Mapping[str, Any]) -> int:
    """Of the candidates within one Nadeau-Bengio error of the best, the one with the fewest leaves."""
    scores = np.array([results[name] for name in results if name.startswith("split") and name.endswith("_test_score")])
    behind = scores[:, [scores.mean(axis=0).argmax()]] - scores
    error = np.sqrt(behind.var(axis=0, ddof=1) * (1 / len(scores) + 1 / (search.FOLDS - 1)))
    leaves = np.where(behind.mean(axis=0) <= error, results["mean_test_leaves"], np.inf)
    return int(leaves.argmin())


def searched(
    case: UseCase,
    rows: TrainingSet,
    candidates: int,
    folds: int = search.FOLDS,
    repeats: int = search.REPEATS,
    jobs: int = 1,
    fixed: Mapping[str, Any] | None = None,
) -> RandomizedSearchCV:
    """The search after its end; `fixed` are parameters that every candidate has."""
    splitter = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=case.search.seed)
    whole = RandomizedSearchCV(
        Forest(case, **(fixed or {})),
        dict(case.search.space),
        n_iter=candidates,
        random_state=case.search.seed,
        scoring={"score": "accuracy" if case.search.scoring == "accuracy" else "neg_log_loss", "leaves": _leaves},
        cv=splitter,
        refit=simplest if case.search.choose == "simplest" else "score",
        n_jobs=jobs,
    )
    return whole.fit(rows.features, rows.labels)
