"""How good a way of training is, on passengers that each model was not shown: repeated stratified cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import RepeatedStratifiedKFold

from mlops.model.estimator import SEED, grow
from mlops.model.search import FOLDS, Params
from mlops.training.gate import decide
from titanic.encoder import Encoder
from titanic.features import Derived

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Validation:
    """Accuracy on each fold of each repeat, and of every row, by repeat, whether it was decided rightly.

    `known` says whether a companion's fate was known then, and `probabilities` holds each row's mean P(survived); both
    are of models that did not see the row.
    """

    fold_scores: tuple[float, ...]
    right: np.ndarray[Any, np.dtype[np.bool_]]
    known: np.ndarray[Any, np.dtype[np.bool_]]
    probabilities: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.fold_scores))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, corrected for folds that share most of their training rows.

        The corrected resampled t-test of C. Nadeau and Y. Bengio, "Inference for the Generalization Error", 2003.
        """
        from scipy.stats import t

        folds = len(self.fold_scores)
        variance = np.var(self.fold_scores, ddof=1) * (1 / folds + 1 / (FOLDS - 1))
        half = float(t.ppf(0.975, folds - 1) * np.sqrt(variance))
        return self.accuracy - half, self.accuracy + half

    def to_json(self, digits: int) -> dict[str, Any]:
        """For the model card: figures over all repeats."""

        def part(which: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
            share = float(np.mean(self.right[which])) if which.any() else None
            return {"rows": round(float(which.mean(axis=0).sum())), "accuracy": share and round(share, digits)}

        return {
            "repeats": REPEATS,
            "folds": FOLDS,
            "accuracy": round(self.accuracy, digits),
            "interval": [round(bound, digits) for bound in self.interval],
            "with_companions": part(self.known),
            "without_companions": part(~self.known),
        }


def validate(params: Params, rows: Sequence[Derived], survived: Sequence[int]) -> Validation:
    """Cross-validate some parameters, in folds that the search did not use; the encoder is fitted inside each."""
    shape = (REPEATS, len(rows))
    right, known, probabilities = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape)
    scores = []
    splitter = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED + 1)
    for number, (train, test) in enumerate(splitter.split(np.zeros(len(rows)), np.asarray(survived))):
        fates = [survived[i] for i in train]
        encoder, matrix = Encoder.fit_transform([rows[i] for i in train], fates)
        repeat = number // FOLDS
        found = grow(params, matrix, fates).predict_proba(encoder.transform([rows[i] for i in test]))[:, 1]
        probabilities[repeat, test] = found
        right[repeat, test] = [decide(p) == survived[i] for p, i in zip(found, test, strict=True)]
        known[repeat, test] = [encoder.companions.knows(rows[i]) for i in test]
        scores.append(float(np.mean(right[repeat, test])))
    return Validation(tuple(scores), right, known, tuple(probabilities.mean(axis=0).tolist()))
