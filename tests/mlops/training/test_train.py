"""From the offline store to a published version: what is refused, and what makes two versions the same."""

import json
import pickle
from dataclasses import replace

import pytest

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.errors import DatasetNotFoundError, InvalidInputError, NotEnoughDataError, SearchFailedError
from mlops.model.holdout import held_out
from mlops.model.search import Evaluation, Failure
from mlops.monitoring import drift
from mlops.ports import FeatureRow
from mlops.registry.versions import CARD, Registry
from mlops.training import train
from mlops.training.train import Published
from titanic.features import SCHEMA_HASH

EVALUATIONS = [
    Evaluation(1, {"max_depth": 4, "min_samples_leaf": 3}, (0.7, 0.9)),
    Evaluation(0, {"max_depth": 5, "min_samples_leaf": 2}, (0.9, 0.8)),
]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.model.estimator.TREES", 10)


@pytest.fixture
def offline() -> MemoryOfflineStore:
    return MemoryOfflineStore()


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def registry(objects: MemoryObjectStore) -> Registry:
    return Registry(objects, "models")


def fitted(offline: MemoryOfflineStore, registry: Registry, rows: list[FeatureRow], name: str = "list") -> Published:
    offline.write(name, SCHEMA_HASH, rows)
    return train.fit(offline, registry, name, SCHEMA_HASH, EVALUATIONS)


def test_the_plan_deals_every_candidate_once() -> None:
    shares = train.plan(count=8, shares=3)

    assert sorted(index for share in shares for index, _ in share) == list(range(8))
    assert [len(share) for share in shares] == [3, 3, 2]
    assert train.plan(count=8, shares=1)[0] == sorted((each for share in shares for each in share), key=lambda x: x[0])
    assert len(train.plan(count=2, shares=5)) == 2


@pytest.mark.parametrize(("count", "shares"), [(0, 1), (8, 0), (-1, 2)])
def test_a_plan_of_nothing_is_refused(count: int, shares: int) -> None:
    with pytest.raises(InvalidInputError):
        train.plan(count, shares)


def test_the_card_tells_what_was_published(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    published = fitted(offline, registry, feature_rows)
    card = json.loads(registry.shelf.artifact(published.version, CARD))

    assert card["metrics"] == published.metrics
    assert card["params"]["max_depth"] == 5
    assert card["search"]["chosen"] == 0
    assert [each["index"] for each in card["search"]["candidates"]] == [0, 1]
    assert card["holdout"]["rows"] + card["training"]["rows"] == card["serving"]["rows"] == 891
    assert len(card["code"]) == 16
    low, high = card["cross_validation"]["interval"]
    assert low < card["cross_validation"]["accuracy"] < high
    assert card["dataset_version"] == "list"
    assert sum(card["importances"].values()) == pytest.approx(1, abs=1e-4)
    assert published.version not in json.dumps(card)


def test_the_artifacts_are_of_one_model(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    version = fitted(offline, registry, feature_rows).version
    portable = registry.shelf.model(version)
    estimator = pickle.loads(registry.shelf.artifact(version, "model.pkl"))
    rows = [row.features for row in feature_rows]

    expected = estimator.predict_proba(portable.encoder.transform(rows))[:, 1].tolist()
    assert portable.probabilities(rows) == expected
    reference = json.loads(registry.shelf.artifact(version, "reference.json"))
    assert drift.compare(reference, [])["status"] == "insufficient_data"


def test_held_out_fates_do_not_reach_the_judged_model(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    """Features of held-out passengers changed beyond recognition leave it as it is."""
    apart = held_out([row.passenger_id for row in feature_rows], [row.survived for row in feature_rows])
    changed = [
        replace(row, features={**row.features, "age": 99.0, "fare": 0.0, "sex": "male"})
        if row.passenger_id in apart
        else row
        for row in feature_rows
    ]
    versions = [
        fitted(offline, registry, feature_rows).version,
        fitted(offline, registry, changed, name="changed").version,
    ]

    one, other = (registry.shelf.artifact(version, "judged.safetensors") for version in versions)
    assert one == other
    one, other = (registry.shelf.artifact(version, "model.safetensors") for version in versions)
    assert one != other


def test_rows_in_another_order_are_the_same_version(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    version = fitted(offline, registry, feature_rows).version
    offline._sets["list", SCHEMA_HASH].reverse()

    assert fitted(offline, registry, feature_rows).version == version


@pytest.mark.parametrize(
    "few",
    [
        pytest.param(slice(0, 30), id="too few rows"),
        pytest.param(slice(0, 0), id="no rows"),
    ],
)
def test_too_few_rows(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow], few: slice
) -> None:
    offline._sets["few", SCHEMA_HASH] = feature_rows[few]

    with pytest.raises(NotEnoughDataError):
        train.fit(offline, registry, "few", SCHEMA_HASH, EVALUATIONS)
    with pytest.raises(NotEnoughDataError):
        train.evaluate(offline, "few", SCHEMA_HASH, [(0, {})])


@pytest.mark.parametrize("fate", [0, 1])
def test_one_class_alone(
    offline: MemoryOfflineStore,
    registry: Registry,
    objects: MemoryObjectStore,
    feature_rows: list[FeatureRow],
    fate: int,
) -> None:
    with pytest.raises(NotEnoughDataError, match="survivors"):
        fitted(offline, registry, [row for row in feature_rows if row.survived == fate])
    assert list(objects.keys("models", "")) == []


def test_passengers_who_are_all_alike_are_refused(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    same = [replace(row, features=feature_rows[0].features) for row in feature_rows]

    with pytest.raises(NotEnoughDataError, match="alike"):
        fitted(offline, registry, same)


def test_candidates_that_failed_are_named_in_the_card(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    offline.write("list", SCHEMA_HASH, feature_rows)
    failed = Failure(2, {"max_depth": 9}, "MemoryError: no more")
    version = train.fit(offline, registry, "list", SCHEMA_HASH, EVALUATIONS, [failed]).version

    card = json.loads(registry.shelf.artifact(version, CARD))
    assert card["search"]["failures"] == [{"index": 2, "params": {"max_depth": 9}, "reason": "MemoryError: no more"}]
    with pytest.raises(SearchFailedError, match="no more"):
        train.fit(offline, registry, "list", SCHEMA_HASH, [], [failed])


def test_what_is_missing_is_told(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    with pytest.raises(DatasetNotFoundError):
        train.fit(offline, registry, "unknown", SCHEMA_HASH, EVALUATIONS)
    with pytest.raises(InvalidInputError, match="schema"):
        train.fit(offline, registry, "list", "0123456789abcdef", EVALUATIONS)
    offline.write("list", SCHEMA_HASH, feature_rows)
    with pytest.raises(SearchFailedError, match="candidate"):
        train.fit(offline, registry, "list", SCHEMA_HASH, [])
