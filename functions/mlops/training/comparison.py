"""Two versions on rows that neither saw: whether one is better, or worse by more than matters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlops.model.cross_validation import REGION
from mlops.model.out_of_fold import FOLDS, OutOfFold, Scores, correct, log_losses
from mlops.statistics.correlated import Posterior, posterior

# Fewer rows in common say nothing.
LEAST_ROWS = 50
# P(class 1) of some rows, by their places, from a model that did not see them.
Score = Callable[[Sequence[int]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better the first of two is, by measure; of log loss, in nats, the reduction. `sets` has it by folds.

    `slices` has of each group how many rows the first alone decides rightly, how many the other alone, and all.
    """

    rows: int
    sets: Mapping[str, Mapping[str, Posterior]]
    slices: Mapping[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)

    @property
    def worse(self) -> float:
        """The greatest P(worse by more than the region of practical equivalence), over measures, in folds by row."""
        return self._worse("rows")

    @property
    def worse_for_strangers(self) -> float:
        """The same in folds by group; 0 where there are none."""
        return self._worse("groups") if "groups" in self.sets else 0.0

    def _worse(self, name: str) -> float:
        return max(each.below(-REGION[measure]) for measure, each in self.sets[name].items())

    @property
    def better(self) -> float:
        """The greatest P(better), over measures, in folds by row."""
        return max(each.above(0) for each in self.sets["rows"].values())

    @property
    def words(self) -> str:
        accuracy, loss = (self.sets["rows"][name].mean for name in ("accuracy", "log_loss"))
        return f"{accuracy:+.1%} accuracy and {-loss:+.3f} nats of log loss on {self.rows:,} rows that neither saw"


def compare(
    base: OutOfFold,
    one: tuple[OutOfFold, Score | None],
    other: tuple[OutOfFold, Score | None],
    slices: Mapping[tuple[str, str], Sequence[int]] | None = None,
) -> Comparison | None:
    """Two versions on the rows, labels and folds of `base`, which is one of the two; None if there are too few.

    A row that a version was trained on has its out-of-fold probability; any other row the version never saw, so its
    serving model scores it by `Score`, unless that is None or the version has scores of a sample of its rows alone.
    In folds by group a row counts if it has the same folds in both: a model that saw others of its group is no match.
    `slices` are places in `base`.
    """
    sets, by_slice, rows = {}, {}, 0
    repeats = min(len(each.by_row.folds) for each, _ in (one, other))
    for name, scores in base.sets.items():
        shape = Scores(scores.folds[:repeats], scores.probabilities[:repeats])
        first, second = (
            _probabilities(base, shape, each, each.sets.get(name), score if name == "rows" else None)
            for each, score in (one, other)
        )
        both = np.all(np.isfinite(first + second), axis=0)
        if both.sum() < LEAST_ROWS:
            continue
        labels, folds = base.labels[both], Scores(shape.folds[:, both], shape.probabilities[:, both])
        lead = correct(base.labels, first) - correct(base.labels, second)
        differences = {
            "accuracy": lead[:, both],
            "log_loss": log_losses(labels, second[:, both]) - log_losses(labels, first[:, both]),
        }
        sets[name] = {measure: posterior(folds.by_fold(each), FOLDS) for measure, each in differences.items()}
        if name == "rows":
            rows = int(both.sum())
            by_slice = {which: _counted(lead[0, list(its)], both[list(its)]) for which, its in (slices or {}).items()}
    return Comparison(rows, sets, by_slice) if "rows" in sets else None


def _counted(lead: NDArray[np.float64], both: NDArray[np.bool_]) -> tuple[int, int, int]:
    return int((lead[both] > 0).sum()), int((lead[both] < 0).sum()), int(both.sum())


def _probabilities(
    base: OutOfFold, shape: Scores, of: OutOfFold, scores: Scores | None, score: Score | None
) -> NDArray[np.float64]:
    """P(class 1) of the base's rows by a version that did not see them, as `shape`; NaN of a row that has none."""
    found = np.full(shape.probabilities.shape, np.nan)
    places = {row_id: place for place, row_id in enumerate(of.ids)}
    known = np.array([places.get(row_id, -1) for row_id in base.ids], dtype=np.int64)
    if scores is not None:
        seen = known >= 0
        alike = (scores.folds[: len(found), known[seen]] == shape.folds[:, seen]).all(axis=0)
        found[:, seen] = np.where(alike, scores.probabilities[: len(found), known[seen]], np.nan)
    new = (known < 0).nonzero()[0]
    if score and len(new) and not of.is_sample:
        found[:, new] = score(new.tolist())
    return found
