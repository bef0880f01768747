"""From the offline store to a published model: plan a search, evaluate its candidates, fit the winner.

Three steps, so that the evaluation can be spread: each reads the same dataset version, and what they tell one another
is small enough to travel in an event.

The winner is fitted on all rows to serve, for each one more makes it better. It is measured on rows unseen: on the
held-out fifth by a model of the others, and out-of-fold on all of them, by which the gate compares versions.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.errors import InvalidInputError, SearchFailedError
from mlops.features.stores import OfflineStore
from mlops.model import nested, search
from mlops.model.card import Fitted, as_json, card
from mlops.model.cross_validation import validate
from mlops.model.estimator import fit as fit_model
from mlops.model.portable import dump
from mlops.model.search import FOLDS, Evaluation, Failure, Params
from mlops.registry.versions import CARD, MODEL, OUT_OF_FOLD, REFERENCE, Registry
from mlops.statistics.reference import reference
from mlops.training.code import code_digest
from mlops.training.parts import parts
from mlops.use_case import UseCase

SHARES = 2
ROWS_OF_ONE_SCORE = 5  # of so many no single row weighs much in the score


@dataclass(frozen=True, slots=True)
class Published:
    """A model that now is in the registry, with its figures on the held-out rows."""

    version: str
    metrics: dict[str, Any]


def plan(case: UseCase, count: int | None = None, shares: int = SHARES) -> list[list[tuple[int, Params]]]:
    """The candidates, as (index, params), dealt into so many shares of about equal work."""
    count = case.search.candidates if count is None else count
    if count < 1 or shares < 1:
        raise InvalidInputError(f"{count} candidates in {shares} shares is no search: both must be at least 1")
    dealt = list(enumerate(search.candidates(case.search, count)))
    return [dealt[start::shares] for start in range(min(shares, len(dealt)))]


def evaluate(
    case: UseCase,
    offline: OfflineStore,
    dataset_version: str,
    schema_hash: str,
    candidates: Sequence[tuple[int, Params]],
    folds: int = FOLDS,
) -> tuple[list[Evaluation], list[Failure]]:
    """Cross-validated scores of some candidates on the training part, and those that nested cross-validation needs."""
    divided = parts(case, offline, dataset_version, schema_hash)
    training = search.sample(divided.training, case.search.seed)
    evaluations, failures = search.evaluate(case, candidates, training, folds)
    return nested.inner(case, evaluations, divided.everyone), failures


def fit(
    case: UseCase,
    offline: OfflineStore,
    registry: Registry,
    dataset_version: str,
    schema_hash: str,
    evaluations: Sequence[Evaluation],
    failures: Sequence[Failure] = (),
) -> Published:
    """Fit the winner, measure it on the hold-out, publish it; the same input is the same version.

    SearchFailedError if no candidate could be evaluated.
    """
    divided = parts(case, offline, dataset_version, schema_hash)
    if not evaluations:
        why = f": {failures[0].reason}" if failures else ""
        raise SearchFailedError(f"No candidate was evaluated, so none can be chosen{why}")
    chosen = search.winner(case.search, evaluations)
    holdout_model, _ = fit_model(case, chosen.params, divided.training)
    everyone = divided.everyone
    # Of very many rows the scores to expect are known well enough from the sample that is validated.
    bagged = chosen.params.get("bootstrap", True) and len(everyone) <= case.search.sample
    model, estimator = fit_model(case, {**chosen.params, "oob_score": bagged}, everyone)
    validation = validate(case, chosen.params, everyone)
    described = card(
        case,
        dataset_version,
        code_digest(__name__, case.derive.__module__, case.name),
        (chosen, evaluations, failures),
        divided,
        Fitted(model, estimator, holdout_model),
        validation,
        nested.outer(case, evaluations, everyone),
    )
    # Out of bag, of the serving forest: another forest's scores are elsewhere.
    unseen = estimator.oob_decision_function_[:, 1] if bagged else validation.scores.by_row.probabilities[0]
    scored = everyone.features if bagged else everyone.features.loc[list(validation.scores.ids)]
    served = estimator.predict_proba(model.encoder.transform(scored))[:, 1]
    expected = reference(case, everyone.features, expected_scores(served, unseen))
    version = registry.publish(
        {
            MODEL: dump(model, case),
            OUT_OF_FOLD: validation.scores.to_json(),
            CARD: as_json(described),
            "model.pkl": pickle.dumps(estimator, protocol=5),
            REFERENCE: as_json(expected),
        }
    )
    return Published(version, described["metrics"])


def expected_scores(served: NDArray[np.float64], unseen: NDArray[np.float64]) -> list[float]:
    """The scores to expect of rows like the training rows, given a served and an unseen score of each.

    One that several rows have in common is expected as served: unseen ones scatter around it, which looks like drift.
    """
    _, place, rows = np.unique(served, return_inverse=True, return_counts=True)
    return [score for score in np.where(rows[place] >= ROWS_OF_ONE_SCORE, served, unseen).tolist() if score == score]
