"""Out-of-fold probabilities by row id: what any two versions are compared by, whatever code made them.

Folds are made by a hash, so a row is in the same fold in every version and on any machine.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.errors import ModelCorruptedError
from mlops.model.training_set import TrainingSet, records
from mlops.use_case import UseCase

FOLDS = 5
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Scores:
    """P(class 1) of each row by a model that did not see it, and the row's fold; both of shape (repeats, rows)."""

    folds: NDArray[np.int64]
    probabilities: NDArray[np.float64]

    def by_fold(self, values: NDArray[np.float64]) -> list[float]:
        """The mean of some values of the rows, shape (repeats, rows) or (rows,), in each fold of each repeat."""
        return [
            float(np.mean(row[folds == fold]))
            for row, folds in zip(np.broadcast_to(values, self.folds.shape), self.folds, strict=True)
            for fold in range(FOLDS)
            if (folds == fold).any()
        ]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """The rows that were scored, their labels, and their scores in folds `by_row`, and `by_group` in disjoint groups.

    `rows` is the size of the dataset: of very many, not all are scored.
    """

    ids: Sequence[str]
    labels: NDArray[np.int64]
    rows: int
    by_row: Scores
    by_group: Scores | None = None

    @property
    def sets(self) -> dict[str, Scores]:
        """The scores by the name of their folds."""
        return {"rows": self.by_row, **({"groups": self.by_group} if self.by_group else {})}

    @property
    def is_sample(self) -> bool:
        return self.rows > len(self.ids)

    def to_json(self) -> bytes:
        """The same scores are the same bytes."""
        document = {
            "rows": self.rows,
            "ids": list(self.ids),
            "labels": self.labels.tolist(),
            "sets": {
                name: {"folds": each.folds.tolist(), "probabilities": np.round(each.probabilities, DIGITS).tolist()}
                for name, each in self.sets.items()
            },
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @staticmethod
    def from_json(data: bytes) -> "OutOfFold":
        """What `to_json` wrote; ModelCorruptedError if it is something else."""
        try:
            document = json.loads(data)
            sets = {name: _scores(each) for name, each in document["sets"].items()}
            labels = np.array(document["labels"], dtype=np.int64)
            return OutOfFold(document["ids"], labels, document["rows"], sets["rows"], sets.get("groups"))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelCorruptedError(f"The out-of-fold probabilities are not readable: {error!r}") from error


def keys(case: UseCase, rows: TrainingSet) -> dict[str, list[str]]:
    """What the folds are made of, by the name of their set: row ids, and where the use case has groups, theirs."""
    groups = {"groups": case.groups(records(rows.features))} if case.groups else {}
    return {"rows": row_keys(case, rows), **groups}


def row_keys(case: UseCase, rows: TrainingSet) -> list[str]:
    """Row ids, or where the table has none, digests of their content: equal rows are in one fold."""
    return rows.ids if case.id else [row_id.rpartition(".")[0] for row_id in rows.ids]


def folds_of(keys: Sequence[str], repeats: int) -> NDArray[np.int64]:
    """The fold of each key in each repeat, shape (repeats, keys), by a hash of both."""
    return np.array(
        [
            [int(sha256(f"{repeat} {key}".encode()).hexdigest()[:8], 16) % FOLDS for key in keys]
            for repeat in range(repeats)
        ]
    )


def log_losses(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minus the logarithm of the probability given to what was the case, in nats; a forest of few trees can be sure."""
    clipped = np.clip(probabilities, 1e-4, 1 - 1e-4)
    losses: NDArray[np.float64] = -np.log(np.where(labels == 1, clipped, 1 - clipped))
    return losses


def correct(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where the decision is right, else 0."""
    right: NDArray[np.float64] = ((probabilities > 0.5) == (labels == 1)).astype(float)
    return right


def _scores(data: Mapping[str, Any]) -> Scores:
    return Scores(np.array(data["folds"], dtype=np.int64), np.array(data["probabilities"], dtype=np.float64))
