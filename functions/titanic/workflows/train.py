"""From the offline store to a published model: plan a search, evaluate its candidates, fit the winner.

Three steps, so that the evaluation can be spread: each reads the same dataset version, and what they tell one another
is small enough to travel in an event.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titanic import drift, search
from titanic.card import as_json, card
from titanic.encoder import Encoder
from titanic.errors import InvalidInputError, NotEnoughDataError
from titanic.estimator import grow, portable
from titanic.features import SCHEMA_HASH, Derived
from titanic.holdout import held_out
from titanic.model import Model, dump
from titanic.ports import OfflineStore
from titanic.registry import CARD, MODEL, REFERENCE, Registry
from titanic.search import FOLDS, Evaluation, Params

CANDIDATES = 8
SHARES = 2
# Enough of each class that every fold and the hold-out hold several of both.
MINIMUM_ROWS = 50
MINIMUM_OF_A_CLASS = 2 * FOLDS


@dataclass(frozen=True, slots=True)
class Rows:
    """Derived features and fates, in the order of PassengerId."""

    features: list[Derived]
    survived: list[int]


@dataclass(frozen=True, slots=True)
class Published:
    """A model that now is in the registry, with its figures on the held-out passengers."""

    version: str
    metrics: dict[str, Any]


def plan(count: int = CANDIDATES, shares: int = SHARES) -> list[list[tuple[int, Params]]]:
    """The candidates, as (index, params), dealt into so many shares of about equal work."""
    if count < 1 or shares < 1:
        raise InvalidInputError(f"{count} candidates in {shares} shares is no search: both must be at least 1")
    dealt = list(enumerate(search.candidates(count)))
    return [dealt[start::shares] for start in range(min(shares, len(dealt)))]


def evaluate(
    offline: OfflineStore, dataset_version: str, schema_hash: str, candidates: Sequence[tuple[int, Params]]
) -> list[Evaluation]:
    """Cross-validated scores of some candidates, on the training part of the dataset alone."""
    training, _ = parts(offline, dataset_version, schema_hash)
    return search.evaluate(candidates, training.features, training.survived)


def fit(
    offline: OfflineStore, registry: Registry, dataset_version: str, schema_hash: str, evaluations: Sequence[Evaluation]
) -> Published:
    """Fit the winner on the training part, measure it on the rest, publish it; the same input is the same version."""
    if not evaluations:
        raise InvalidInputError("No candidate was evaluated, so none can be chosen")
    training, rest = parts(offline, dataset_version, schema_hash)
    chosen = search.winner(evaluations)
    encoder, matrix = Encoder.fit_transform(training.features, training.survived)
    estimator = grow(chosen.params, matrix, training.survived)
    model = Model(encoder, portable(estimator))
    unseen = model.probabilities(rest.features)
    described = card(
        dataset_version,
        chosen,
        evaluations,
        trees=len(model.forest.roots),
        importances=estimator.feature_importances_,
        training=training.survived,
        held_out=(rest.features, rest.survived, unseen),
    )
    version = registry.publish(
        {
            MODEL: dump(model),
            CARD: as_json(described),
            "model.pkl": pickle.dumps(estimator, protocol=5),
            REFERENCE: as_json(drift.reference(training.features, unseen)),
        }
    )
    return Published(version, described["metrics"])


def parts(offline: OfflineStore, dataset_version: str, schema_hash: str) -> tuple[Rows, Rows]:
    """The training part and the hold-out; NotEnoughDataError if the dataset cannot carry a model."""
    if schema_hash != SCHEMA_HASH:
        raise InvalidInputError(f"This code trains on feature schema {SCHEMA_HASH}, not {schema_hash}")
    rows = sorted(offline.read(dataset_version, schema_hash), key=lambda row: row.passenger_id)
    survivors = sum(row.survived for row in rows)
    if len(rows) < MINIMUM_ROWS or min(survivors, len(rows) - survivors) < MINIMUM_OF_A_CLASS:
        raise NotEnoughDataError(
            f"Dataset {dataset_version} has {len(rows)} passengers, {survivors} of them survivors: a model needs at "
            f"least {MINIMUM_ROWS}, with {MINIMUM_OF_A_CLASS} survivors and as many victims"
        )
    apart = held_out([row.passenger_id for row in rows], [row.survived for row in rows])
    training = [row for row in rows if row.passenger_id not in apart]
    rest = [row for row in rows if row.passenger_id in apart]
    return (
        Rows([row.features for row in training], [row.survived for row in training]),
        Rows([row.features for row in rest], [row.survived for row in rest]),
    )
