"""From the offline store to a published model: plan a search, evaluate its candidates, fit the winner.

Three steps, so that the evaluation can be spread: each reads the same dataset version, and what they tell one another
is small enough to travel in an event.

The winner is fitted twice. On the training part alone it is measured and judged, by passengers it has never seen; on
all passengers it is what serves, for each one more makes it better, and their companions better known.
"""

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import RandomForestClassifier

from mlops.errors import InvalidInputError, NotEnoughDataError, SearchFailedError
from mlops.model import search
from mlops.model.card import as_json, card
from mlops.model.cross_validation import validate
from mlops.model.estimator import grow, portable
from mlops.model.holdout import held_out
from mlops.model.portable import Model, dump
from mlops.model.search import FOLDS, Evaluation, Failure, Params
from mlops.monitoring import drift
from mlops.ports import FeatureRow, OfflineStore
from mlops.registry.versions import CARD, JUDGED, MODEL, REFERENCE, Registry
from titanic.encoder import Encoder
from titanic.features import SCHEMA_HASH, Derived

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
class Parts:
    """A dataset, and its division into what a judged model may see and what it is judged by."""

    everyone: Rows
    training: Rows
    holdout: Rows


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
    offline: OfflineStore,
    dataset_version: str,
    schema_hash: str,
    candidates: Sequence[tuple[int, Params]],
    folds: int = FOLDS,
) -> tuple[list[Evaluation], list[Failure]]:
    """Cross-validated scores of some candidates, on the training part of the dataset alone."""
    training = parts(offline, dataset_version, schema_hash).training
    return search.evaluate(candidates, training.features, training.survived, folds)


def fit(
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
    known = parts(offline, dataset_version, schema_hash)
    if not evaluations:
        why = f": {failures[0].reason}" if failures else ""
        raise SearchFailedError(f"No candidate was evaluated, so none can be chosen{why}")
    chosen = search.winner(evaluations)
    judged, _ = _fitted(chosen.params, known.training)
    model, estimator = _fitted(chosen.params, known.everyone)
    validation = validate(chosen.params, known.everyone.features, known.everyone.survived)
    held_out = known.holdout.features, known.holdout.survived, judged.probabilities(known.holdout.features)
    described = card(
        dataset_version,
        chosen,
        evaluations,
        failures,
        estimator=estimator,
        trained_on=(known.everyone.survived, known.training.survived),
        validation=validation,
        held_out=held_out,
    )
    version = registry.publish(
        {
            MODEL: dump(model),
            JUDGED: dump(judged),
            CARD: as_json(described),
            "model.pkl": pickle.dumps(estimator, protocol=5),
            REFERENCE: as_json(drift.reference(known.everyone.features, validation.probabilities)),
        }
    )
    return Published(version, described["metrics"])


def parts(offline: OfflineStore, dataset_version: str, schema_hash: str) -> Parts:
    """The dataset's rows, divided; NotEnoughDataError if it cannot carry a model."""
    if schema_hash != SCHEMA_HASH:
        raise InvalidInputError(f"This code trains on feature schema {SCHEMA_HASH}, not {schema_hash}")
    rows = sorted(offline.read(dataset_version, schema_hash), key=lambda row: row.passenger_id)
    survivors = sum(row.survived for row in rows)
    if len(rows) < MINIMUM_ROWS or min(survivors, len(rows) - survivors) < MINIMUM_OF_A_CLASS:
        raise NotEnoughDataError(
            f"Dataset {dataset_version} has {len(rows)} passengers, {survivors} of them survivors: a model needs at "
            f"least {MINIMUM_ROWS}, with {MINIMUM_OF_A_CLASS} survivors and as many victims"
        )
    if all(row.features == rows[0].features for row in rows):
        raise NotEnoughDataError(
            f"All {len(rows)} passengers of dataset {dataset_version} are alike: nothing tells survivors from victims"
        )
    apart = held_out([row.passenger_id for row in rows], [row.survived for row in rows])

    def those(chosen: Iterable[FeatureRow]) -> Rows:
        return Rows(*map(list, zip(*((row.features, row.survived) for row in chosen), strict=True)))

    return Parts(
        those(rows),
        those(row for row in rows if row.passenger_id not in apart),
        those(row for row in rows if row.passenger_id in apart),
    )


def _fitted(params: Params, rows: Rows) -> tuple[Model, RandomForestClassifier]:
    encoder, matrix = Encoder.fit_transform(rows.features, rows.survived)
    estimator = grow(params, matrix, rows.survived)
    return Model(encoder, portable(estimator)), estimator
