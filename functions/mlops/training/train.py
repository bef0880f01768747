"""From the offline store to a published model: plan a search, evaluate its candidates, fit the winner.

Steps, so that each can be spread over functions: all read the same dataset version, and what they tell one another is
small enough to travel in an event, or lies in the run's workspace. A step that misses something there makes it itself,
so that each can be called alone.

The winner is fitted on all rows to serve, for each one more makes it better. It is measured on rows unseen: on the
held-out fifth by a model of the others, and out-of-fold on all of them, by which the gate compares versions.
"""

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._tree import Tree

from mlops.errors import SearchFailedError
from mlops.features.stores import OfflineStore
from mlops.model import cross_validation, nested, search
from mlops.model.card import Fitted, as_json, card
from mlops.model.cross_validation import Validation
from mlops.model.estimator import fit as fit_model
from mlops.model.estimator import grow, portable
from mlops.model.evaluation import expected_scores
from mlops.model.holdout import Parts
from mlops.model.nested import Nested
from mlops.model.portable import Model, dump
from mlops.model.search import ALL, FOLDS, Evaluation, Failure, Params
from mlops.model.shared_forest import grow_trees, join
from mlops.model.training_set import TrainingSet
from mlops.registry.versions import CARD, MODEL, OUT_OF_FOLD, REFERENCE, Registry
from mlops.statistics.reference import reference
from mlops.training import shares
from mlops.training.code import code_digest
from mlops.training.parts import parts
from mlops.training.shares import FitShare
from mlops.training.workspace import Workspace
from mlops.use_case import Encoder, UseCase

_digest = cache(code_digest)  # reading all of that code takes a seventh of a second


@dataclass(frozen=True, slots=True)
class Published:
    """A model that now is in the registry, with its figures on the held-out rows."""

    version: str
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """Training of one use case on the features of one dataset version."""

    case: UseCase
    offline: OfflineStore
    registry: Registry
    dataset_version: str
    schema_hash: str

    @property
    def workspace(self) -> Workspace:
        folder = f"{self.dataset_version}-{self.schema_hash}-{self.code}-{sklearn.__version__}"
        return Workspace(self.registry.store, self.registry.bucket, folder, self.case.features)

    def read(self) -> TrainingSet:
        """All rows, as the run keeps them or as the offline store has them."""
        kept = self.workspace.rows("everyone")
        return self.offline.read(self.dataset_version, self.schema_hash) if kept is None else kept

    @property
    def _searched(self) -> str:
        return f"searched-{self.case.search.seed}"

    @property
    def code(self) -> str:
        return _digest(__name__, self.case.derive.__module__, self.case.name)

    def prepare(self) -> None:
        """Read and encode very many rows once, for all steps of the run."""
        case, space, divided = self.case, self.workspace, self._parts()
        space.keep_rows("everyone", divided.everyone)
        space.keep_rows(self._searched, search.sample(divided.training, case.search.seed))
        space.keep_rows("validated", cross_validation.sampled(case, divided.everyone))
        encoder, matrix = case.encoding.fit_transform(divided.everyone.features, divided.everyone.labels)
        about = np.frombuffer(json.dumps(encoder.to_json()).encode(), dtype=np.uint8)
        space.keep("matrix", {"matrix": matrix, "labels": divided.everyone.labels, "encoder": about})

    def evaluate(
        self, candidates: Sequence[tuple[int, Params]], folds: int = FOLDS, only: tuple[int, int] = ALL
    ) -> tuple[list[Evaluation], list[Failure]]:
        """Cross-validated scores of some candidates on the training part, and those for nested cross-validation.

        `only` is a share of the folds: what all of them found is joined by `fit`.
        """
        rows = self.workspace.rows(self._searched)
        if rows is not None:
            return search.evaluate(self.case, candidates, rows, folds, only=only)
        divided = self._parts()
        training = search.sample(divided.training, self.case.search.seed)
        evaluations, failures = search.evaluate(self.case, candidates, training, folds, only=only)
        return nested.inner(self.case, evaluations, divided.everyone), failures

    def fit_share(self, evaluations: Sequence[Evaluation], failures: Sequence[Failure], share: FitShare) -> str:
        """Do one share of the fit and leave the result in the workspace, under the name that is returned."""
        chosen, evaluations, _ = _chosen(self.case, evaluations, failures)
        name, space = shares.name(self.case, evaluations, share), self.workspace
        if share.trees is not None:
            _, matrix, labels = self._encoded()
            return space.keep_trees(name, grow_trees(self.case.search, chosen.params, matrix, labels, *share.trees))
        rows = space.rows("validated")
        if rows is None:
            rows = cross_validation.sampled(self.case, self._parts().everyone)
        scores = shares.scores(self.case, chosen.params, evaluations, rows, share)
        return space.keep(name, {f"{place:03}": each for place, each in enumerate(scores)})

    def fit(self, evaluations: Sequence[Evaluation], failures: Sequence[Failure] = ()) -> Published:
        """Fit the winner, measure it on the hold-out, publish it; the same input is the same version.

        SearchFailedError if no candidate could be evaluated.
        """
        case, divided = self.case, self._parts()
        everyone = divided.everyone
        chosen, evaluations, failures = _chosen(case, evaluations, failures)
        holdout_model, _ = fit_model(case, chosen.params, divided.training)
        model, forest = self._forest(chosen.params, evaluations, everyone)
        validation, by_nested = self._validation(chosen.params, evaluations, everyone)
        described = card(
            case,
            self.dataset_version,
            self.code,
            (chosen, evaluations, failures),
            divided,
            Fitted(model, forest, holdout_model),
            validation,
            by_nested,
        )
        # Out of bag, of the serving forest: another forest's scores are elsewhere. Of very many rows the scores to
        # expect are known well enough from the sample that is validated.
        bagged = hasattr(forest, "oob_decision_function_")
        unseen = forest.oob_decision_function_[:, 1] if bagged else validation.scores.by_row.probabilities[0]
        scored = everyone.features if bagged else everyone.features.loc[list(validation.scores.ids)]
        served = forest.predict_proba(model.encoder.transform(scored))[:, 1]
        expected = reference(case, everyone.features, expected_scores(served, unseen))
        version = self.registry.publish(
            {
                MODEL: dump(model, case),
                OUT_OF_FOLD: validation.scores.to_json(),
                CARD: as_json(described),
                "model.pkl": pickle.dumps(forest, protocol=5),
                REFERENCE: as_json(expected),
            }
        )
        return Published(version, described["metrics"])

    def _parts(self) -> Parts:
        return parts(self.case, self.read, self.dataset_version, self.schema_hash)

    def _encoded(self, rows: TrainingSet | None = None) -> tuple[Encoder, NDArray[np.float32], NDArray[np.int64]]:
        """The encoder of all rows, their matrix and labels."""
        if (kept := self.workspace.arrays("matrix")) is not None:
            encoder = self.case.encoding.from_json(json.loads(kept["encoder"].tobytes()))
            return encoder, kept["matrix"], kept["labels"]
        rows = self._parts().everyone if rows is None else rows
        encoder, matrix = self.case.encoding.fit_transform(rows.features, rows.labels)
        return encoder, matrix, rows.labels

    def _forest(
        self, params: Params, evaluations: Sequence[Evaluation], rows: TrainingSet
    ) -> tuple[Model, RandomForestClassifier]:
        """The forest of all rows: of few in one piece and scored out of bag, of very many joined of its shares."""
        search, (encoder, matrix, labels) = self.case.search, self._encoded(rows)
        trees: list[Tree] = []
        for share in shares.of_fit(self.case, len(rows)):
            if share.trees is not None:
                kept = self.workspace.trees(shares.name(self.case, evaluations, share))
                trees += grow_trees(search, params, matrix, labels, *share.trees) if kept is None else kept
        bagged = params.get("bootstrap", True) and len(rows) <= search.sample
        forest = (
            join(search, params, trees, matrix, labels)
            if trees
            else grow(search, {**params, "oob_score": bagged}, matrix, labels)
        )
        return Model(encoder, portable(forest)), forest

    def _validation(
        self, params: Params, evaluations: Sequence[Evaluation], everyone: TrainingSet
    ) -> tuple[Validation, dict[str, Nested]]:
        """Cross-validation and nested cross-validation, joined of their shares."""
        rows, by_share = cross_validation.sampled(self.case, everyone), []
        its = [each for each in shares.of_fit(self.case, len(everyone)) if each.rounds is not None]
        for share in its or [FitShare(rounds=(0, 1))]:
            kept = self.workspace.arrays(shares.name(self.case, evaluations, share)) if its else None
            found = shares.scores(self.case, params, evaluations, rows, share) if kept is None else kept.values()
            by_share.append(list(found))
        return shares.join(self.case, evaluations, rows, len(everyone), by_share)


def _chosen(
    case: UseCase, evaluations: Sequence[Evaluation], failures: Sequence[Failure]
) -> tuple[Evaluation, list[Evaluation], list[Failure]]:
    """The winner, all evaluations on all folds, and the candidates that failed."""
    joined, failed = search.join(evaluations, failures)
    if not joined:
        why = f": {failed[0].reason}" if failed else ""
        raise SearchFailedError(f"No candidate was evaluated, so none can be chosen{why}")
    return search.winner(case.search, joined), joined, failed
