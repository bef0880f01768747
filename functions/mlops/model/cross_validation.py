"""How good a way of training is, on rows that each model was not shown: repeated cross-validation, in hashed folds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.model.estimator import score_unseen, with_trees
from mlops.model.out_of_fold import DIGITS, FOLDS, OutOfFold, Scores, correct, folds_of, keys, log_losses, row_keys
from mlops.model.search import TREES_SHARE, Params
from mlops.model.training_set import TrainingSet, records
from mlops.statistics.correlated import Posterior, posterior
from mlops.use_case import Baseline, UseCase

REPEATS = 5
# Of more rows than this, one repeat on at most MAX_ROWS says enough, and more would take longer than a function may.
MANY_ROWS, MAX_ROWS = 5000, 10_000
# Differences within it are of no practical consequence: of accuracy, and of log loss in nats.
REGION = {"accuracy": 0.01, "log_loss": 0.01}


@dataclass(frozen=True, slots=True)
class Round:
    """One fold of one repeat of a set of folds; `test` are its rows, which a model of the others scores."""

    set: str
    repeat: int
    fold: int
    test: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Validation:
    """Out-of-fold scores; on the same folds the class prior, and by baseline and set of folds its decisions."""

    scores: OutOfFold
    prior: NDArray[np.float64]
    baselines: dict[str, dict[str, NDArray[np.float64]]]

    def to_json(self) -> dict[str, Any]:
        """For the model card: figures in folds by row, the same by group, and each baseline on the same folds."""
        labels, sets = self.scores.labels, self.scores.sets
        figures = {name: self._figures(each) for name, each in sets.items()}
        prior_losses = self.scores.by_row.by_fold(log_losses(labels, self.prior))
        losses = self.scores.by_row.by_fold(log_losses(labels, self.scores.by_row.probabilities))
        gain = posterior(np.subtract(prior_losses, losses).tolist(), FOLDS)
        return {
            "repeats": len(self.scores.by_row.folds),
            "folds": FOLDS,
            **figures["rows"],
            "prior_log_loss": round(float(np.mean(prior_losses)), DIGITS),
            "better_than_prior": {**_difference(gain), "probability": round(gain.above(0), DIGITS)},
            **({"groups": figures["groups"]} if "groups" in figures else {}),
            "baselines": [
                {"name": name, **{of: self._against(sets[of], decisions) for of, decisions in by_set.items()}}
                for name, by_set in self.baselines.items()
            ],
        }

    def _figures(self, scores: Scores) -> dict[str, Any]:
        labels = self.scores.labels
        accuracy = posterior(scores.by_fold(correct(labels, scores.probabilities)), FOLDS)
        loss = posterior(scores.by_fold(log_losses(labels, scores.probabilities)), FOLDS)
        return {
            "accuracy": round(accuracy.mean, DIGITS),
            "interval": [round(bound, DIGITS) for bound in accuracy.interval()],
            "log_loss": round(loss.mean, DIGITS),
        }

    def _against(self, scores: Scores, decisions: NDArray[np.float64]) -> dict[str, float]:
        """A baseline's accuracy, and how much better the model is: on the same folds, in pairs."""
        labels = self.scores.labels
        theirs = scores.by_fold((decisions == labels).astype(float))
        lead = posterior(np.subtract(scores.by_fold(correct(labels, scores.probabilities)), theirs).tolist(), FOLDS)
        return {
            "accuracy": round(float(np.mean(theirs)), DIGITS),
            **_difference(lead),
            "better": round(lead.above(0), DIGITS),
            "worse_by_more_than_region": round(lead.below(-REGION["accuracy"]), DIGITS),
        }


def validate(case: UseCase, params: Params, rows: TrainingSet) -> Validation:
    """Cross-validate some parameters, in folds that the search did not use. Of very many rows a sample is looked at."""
    total, rows = len(rows), sampled(case, rows)
    found = [(each, score_round(case, params, rows, each.test)) for each in rounds(case, rows)]
    return gather(case, rows, total, found)


def sampled(case: UseCase, rows: TrainingSet) -> TrainingSet:
    """The rows that are validated: at most MAX_ROWS, those whose keys have the least hashes.

    So two versions look at the same ones.
    """
    if len(rows) <= MAX_ROWS:
        return rows
    digests = [sha256(key.encode()).digest() for key in row_keys(case, rows)]
    return rows.take(np.array(sorted(sorted(range(len(rows)), key=digests.__getitem__)[:MAX_ROWS])))


def rounds(case: UseCase, rows: TrainingSet) -> list[Round]:
    """The rounds of a validation of these rows, each of a set of folds, a repeat and a fold; empty folds are none."""
    repeats = REPEATS if len(rows) <= MANY_ROWS else 1
    return [
        Round(name, repeat, fold, folds[repeat] == fold)
        for name, its in keys(case, rows).items()
        for folds in [folds_of(its, repeats)]
        for repeat, fold in np.ndindex(repeats, FOLDS)
        if (folds[repeat] == fold).any()
    ]


def score_round(case: UseCase, params: Params, rows: TrainingSet, test: NDArray[np.bool_]) -> NDArray[np.float64]:
    """P(class 1) of the rows of one fold by a model of the others, the encoder fitted on these alone."""
    known = rows.take((~test).nonzero()[0])
    encoder, matrix = case.encoding.fit_transform(known.features, known.labels)
    inputs = encoder.transform(rows.features[test])
    found, _ = score_unseen(with_trees(case.search, TREES_SHARE), params, matrix, known.labels, inputs)
    return found


def gather(
    case: UseCase, rows: TrainingSet, total: int, scored: Iterable[tuple[Round, NDArray[np.float64]]]
) -> Validation:
    """What was found in every round, beside the class prior and the baselines in the same folds.

    `rows` are those that were `sampled` of `total`.
    """
    cells = records(rows.features) if case.baselines else []
    shape = (REPEATS if len(rows) <= MANY_ROWS else 1, len(rows))
    sets, prior = dict[str, Scores](), np.zeros(shape)
    baselines: dict[str, dict[str, NDArray[np.float64]]] = {each.name: {} for each in case.baselines}
    for of, probabilities in scored:
        found = sets.setdefault(of.set, Scores(np.zeros(shape, dtype=np.int64), np.zeros(shape)))
        found.folds[of.repeat, of.test] = of.fold
        found.probabilities[of.repeat, of.test] = probabilities
        if of.set == "rows":
            prior[of.repeat, of.test] = rows.labels[~of.test].mean()
        for each in case.baselines:
            decisions = baselines[each.name].setdefault(of.set, np.zeros(shape))
            decisions[of.repeat, of.test] = _decisions(each, cells, rows.labels, of.test)
    scores = OutOfFold(rows.ids, rows.labels, total, sets["rows"], sets.get("groups"))
    return Validation(scores, prior, baselines)


def _decisions(
    baseline: Baseline, cells: Sequence[Any], labels: NDArray[np.int64], test: NDArray[np.bool_]
) -> list[int]:
    """A rule's decisions on the rows of a fold, learnt from the others."""
    known = [cell for cell, apart in zip(cells, test, strict=True) if not apart]
    decide = baseline.fit(known, labels[~test].tolist())
    return [decide(cell) for cell, apart in zip(cells, test, strict=True) if apart]


def _difference(of: Posterior) -> dict[str, float]:
    return {"difference": round(of.mean, DIGITS), "error": round(of.scale, DIGITS)}
