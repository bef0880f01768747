"""Nested cross-validation: how good the whole way of training is, the choice of parameters included.

Parameters that were chosen on the rows they are scored on look too good. Here each outer fold's winner is chosen by the
other folds alone (G. Cawley and N. Talbot, "On Over-fitting in Model Selection", JMLR 11, 2010). The search's shares
score candidates inside the outer folds, and who gathers them scores the winners.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.model import search
from mlops.model.estimator import score_unseen
from mlops.model.out_of_fold import DIGITS, FOLDS, correct, folds_of, keys, log_losses
from mlops.model.search import Evaluation
from mlops.model.training_set import TrainingSet
from mlops.statistics.correlated import posterior
from mlops.use_case import UseCase

# Inside the outer folds an eighth of the trees.
TREES_SHARE = 8


@dataclass(frozen=True, slots=True)
class Nested:
    """On each outer fold: accuracy and log loss (nats) on rows unseen by choice and fit, and the winner's index."""

    accuracy: tuple[float, ...]
    log_loss: tuple[float, ...]
    chosen: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """For the model card; the errors are corrected for folds that share training rows."""
        found = {
            name: posterior(values, FOLDS)
            for name, values in (("accuracy", self.accuracy), ("log_loss", self.log_loss))
        }
        figures = {
            name: {"mean": round(each.mean, DIGITS), "error": round(each.scale, DIGITS)} for name, each in found.items()
        }
        return {
            **{name: each["mean"] for name, each in figures.items()},
            **{f"{name}_error": each["error"] for name, each in figures.items()},
            "chosen": list(self.chosen),
        }


def outer_folds(case: UseCase, rows: TrainingSet) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The set's name and the rows of each outer fold."""
    for name, its in keys(case, rows).items():
        (fold_of,) = folds_of(its, 1)
        for fold in range(FOLDS):
            yield name, fold_of == fold


def inner(case: UseCase, evaluations: Sequence[Evaluation], rows: TrainingSet) -> list[Evaluation]:
    """The same evaluations with the scores inside each outer fold; of many rows none, for they choose well enough."""
    if len(rows) > search.FEW_ROWS:
        return list(evaluations)
    found: dict[int, dict[str, list[list[float]]]] = {each.index: {} for each in evaluations}
    share = [(each.index, each.params) for each in evaluations]
    for name, test in outer_folds(case, rows):
        scored, _ = search.evaluate(case, share, rows.take((~test).nonzero()[0]), repeats=1, trees_share=TREES_SHARE)
        for each in scored:
            line = [round(value, DIGITS) for value in (*each.fold_scores, each.leaves)]
            found[each.index].setdefault(name, []).append(line)
    return [replace(each, nested=found[each.index]) for each in evaluations]


def outer(case: UseCase, evaluations: Sequence[Evaluation], rows: TrainingSet) -> dict[str, Nested]:
    """By set of folds, how good the winners of the outer folds are on these."""
    return gather((each, score_round(case, rows, each)) for each in rounds(case, evaluations, rows))


@dataclass(frozen=True, slots=True)
class Round:
    """One outer fold: its rows, and who won among the others."""

    set: str
    test: NDArray[np.bool_]
    winner: Evaluation


def rounds(case: UseCase, evaluations: Sequence[Evaluation], rows: TrainingSet) -> list[Round]:
    """The outer folds whose winners are to be scored; of many rows none."""
    folds = outer_folds(case, rows) if len(rows) <= search.FEW_ROWS else ()
    found = []
    for place, (name, test) in enumerate(folds):
        inside = [
            Evaluation(each.index, each.params, tuple(line[:-1]), line[-1])
            for each in evaluations
            if len(lines := each.nested.get(name, ())) == FOLDS
            for line in [lines[place % FOLDS]]
        ]
        if inside and test.any():
            found.append(Round(name, test, search.winner(case.search, inside)))
    return found


def score_round(case: UseCase, rows: TrainingSet, of: Round) -> tuple[float, float]:
    """The winner's accuracy and log loss on the rows of one outer fold, fitted on the others."""
    known, unseen = rows.take((~of.test).nonzero()[0]), rows.take(of.test.nonzero()[0])
    encoder, matrix = case.encoding.fit_transform(known.features, known.labels)
    inputs = encoder.transform(unseen.features)
    chances, _ = score_unseen(case.search, of.winner.params, matrix, known.labels, inputs)
    return float(correct(unseen.labels, chances).mean()), float(log_losses(unseen.labels, chances).mean())


def gather(scored: Iterable[tuple[Round, Sequence[float]]]) -> dict[str, Nested]:
    """What was found in every round, by set of folds."""
    found: dict[str, list[tuple[float, float, int]]] = {}
    for of, (accuracy, loss) in scored:
        found.setdefault(of.set, []).append((accuracy, loss, of.winner.index))
    return {name: Nested(*zip(*each, strict=True)) for name, each in found.items()}
