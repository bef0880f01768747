"""From the offline store to a published version: what is refused, and what makes two versions the same."""

import json
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.errors import DatasetNotFoundError, InvalidInputError, NotEnoughDataError, SearchFailedError
from mlops.features.stores import FeatureRow
from mlops.model import evaluation
from mlops.model.card import card
from mlops.model.holdout import held_out
from mlops.model.portable import Model, dump
from mlops.model.search import Evaluation, Failure, Params
from mlops.model.table_encoder import TableEncoding
from mlops.model.training_set import TrainingSet
from mlops.monitoring import drift
from mlops.registry.versions import CARD, REFERENCE, Registry
from mlops.training import train
from mlops.training.parts import MINIMUM_ROWS
from mlops.training.shares import SHARES, of_search
from mlops.training.train import Published, Run
from mlops.use_case import UseCase

EVALUATIONS = [
    Evaluation(1, {"max_depth": 4, "min_samples_leaf": 3}, (0.7, 0.9)),
    Evaluation(0, {"max_depth": 5, "min_samples_leaf": 2}, (0.9, 0.8)),
]


@pytest.fixture
def offline(small: UseCase) -> MemoryOfflineStore:
    return MemoryOfflineStore(small)


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def registry(objects: MemoryObjectStore, small: UseCase) -> Registry:
    return Registry(objects, "models", small)


def fitted(offline: MemoryOfflineStore, registry: Registry, rows: list[FeatureRow], name: str = "list") -> Published:
    case = registry.case
    offline.write(name, case.schema_hash, rows)
    return Run(case, offline, registry, name, case.schema_hash).fit(EVALUATIONS)


def test_the_plan_deals_every_candidate_once(case: UseCase) -> None:
    def dealt(count: int | None, number: int = SHARES) -> list[list[tuple[int, Params]]]:
        return [share.candidates for share in of_search(case, 891, count, number)]

    assert sorted(index for share in dealt(8, 3) for index, _ in share) == list(range(8))
    assert [len(share) for share in dealt(8, 3)] == [3, 3, 2]
    assert dealt(8, 1)[0] == sorted((each for share in dealt(8, 3) for each in share), key=lambda x: x[0])
    assert len(dealt(2, 5)) == 2
    assert sum(map(len, dealt(None))) == case.search.candidates


@pytest.mark.parametrize(("count", "shares"), [(0, 1), (8, 0), (-1, 2)])
def test_a_plan_of_nothing_is_refused(case: UseCase, count: int, shares: int) -> None:
    with pytest.raises(InvalidInputError):
        of_search(case, 891, count, shares)


def test_the_card_tells_what_was_published(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    published = fitted(offline, registry, feature_rows)
    card = json.loads(registry.reader.artifact(published.version, CARD))

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
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow], training_rows: TrainingSet
) -> None:
    version = fitted(offline, registry, feature_rows).version
    portable = registry.reader.model(version)
    estimator = pickle.loads(registry.reader.artifact(version, "model.pkl"))

    expected = estimator.predict_proba(portable.encoder.transform(training_rows.features))[:, 1].tolist()
    assert portable.probabilities([row.features for row in feature_rows]) == expected
    reference = json.loads(registry.reader.artifact(version, REFERENCE))
    assert drift.compare(reference, [])["status"] == "insufficient_data"
    window = [{"features": row.features, "probability": p} for row, p in zip(feature_rows, expected, strict=True)]
    report = drift.compare(reference, window)
    assert (report["status"], report["prediction"]["status"]) == ("ok", "ok"), report["prediction"]


def test_a_score_that_many_rows_share_is_expected_as_it_is_served() -> None:
    served = np.array([0.1] * evaluation.ROWS_OF_ONE_SCORE + [0.7] * 2 + [0.9])
    unseen = np.array([0.08, 0.12] * 2 + [float("nan")] + [0.6, 0.5] + [float("nan")])
    assert evaluation.expected_scores(served, unseen) == [0.1] * evaluation.ROWS_OF_ONE_SCORE + [0.6, 0.5]


def test_held_out_rows_do_not_reach_the_model_that_is_measured(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features of held-out rows changed beyond recognition leave it as it is."""
    ids = [row.row_id for row in feature_rows]
    sides = zip(ids, held_out(ids, [row.label for row in feature_rows]), strict=True)
    apart = {row_id for row_id, is_apart in sides if is_apart}
    changed = [
        replace(row, features={**row.features, "age": 99.0, "fare": 0.0, "sex": "male"}) if row.row_id in apart else row
        for row in feature_rows
    ]
    measured: list[Model] = []

    def card_of(*arguments: Any) -> dict[str, Any]:
        measured.append(arguments[5].judged)
        return card(*arguments)

    monkeypatch.setattr(train, "card", card_of)
    versions = [
        fitted(offline, registry, feature_rows).version,
        fitted(offline, registry, changed, name="changed").version,
    ]

    assert dump(measured[0], registry.case) == dump(measured[1], registry.case)
    one, other = (registry.reader.artifact(version, "model.safetensors") for version in versions)
    assert one != other


def test_rows_in_another_order_are_the_same_version(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    version = fitted(offline, registry, feature_rows).version
    offline._sets["list", registry.case.schema_hash].reverse()

    assert fitted(offline, registry, feature_rows).version == version


@pytest.mark.parametrize("count", [1, MINIMUM_ROWS - 1])
def test_too_few_rows_are_refused(
    small: UseCase, offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow], count: int
) -> None:
    offline.write("few", small.schema_hash, feature_rows[:count])

    with pytest.raises(NotEnoughDataError, match=f"has {count} passengers"):
        Run(small, offline, registry, "few", small.schema_hash).fit(EVALUATIONS)
    with pytest.raises(NotEnoughDataError):
        Run(small, offline, registry, "few", small.schema_hash).evaluate([(0, {})])


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_refused(
    offline: MemoryOfflineStore,
    registry: Registry,
    objects: MemoryObjectStore,
    feature_rows: list[FeatureRow],
    label: int,
) -> None:
    with pytest.raises(NotEnoughDataError, match="a model needs at least"):
        fitted(offline, registry, [row for row in feature_rows if row.label == label])
    assert list(objects.keys("models", "")) == []


def test_rows_that_are_all_alike_are_refused(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    same = [replace(row, features=feature_rows[0].features) for row in feature_rows]

    with pytest.raises(NotEnoughDataError, match="alike"):
        fitted(offline, registry, same)


def test_candidates_that_failed_are_named_in_the_card(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    case = registry.case
    offline.write("list", case.schema_hash, feature_rows)
    failed = Failure(2, {"max_depth": 9}, "MemoryError: no more")
    run = Run(case, offline, registry, "list", case.schema_hash)
    version = run.fit(EVALUATIONS, [failed]).version

    card = json.loads(registry.reader.artifact(version, CARD))
    assert card["search"]["failures"] == [{"index": 2, "params": {"max_depth": 9}, "reason": "MemoryError: no more"}]
    with pytest.raises(SearchFailedError, match="no more"):
        run.fit([], [failed])


def test_what_is_missing_is_named(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    case = registry.case
    with pytest.raises(DatasetNotFoundError):
        Run(case, offline, registry, "unknown", case.schema_hash).fit(EVALUATIONS)
    with pytest.raises(InvalidInputError, match="schema"):
        Run(case, offline, registry, "list", "0123456789abcdef").fit(EVALUATIONS)
    offline.write("list", case.schema_hash, feature_rows)
    with pytest.raises(SearchFailedError, match="candidate"):
        Run(case, offline, registry, "list", case.schema_hash).fit([])


def test_the_card_is_of_format_4_and_names_the_label(
    offline: MemoryOfflineStore, registry: Registry, feature_rows: list[FeatureRow]
) -> None:
    card = json.loads(registry.reader.artifact(fitted(offline, registry, feature_rows).version, CARD))

    assert (card["format"], card["use_case"]) == (4, "titanic")
    assert card["label"] == {"name": "Survived", "key": "survived", "words": ["was lost", "survived"]}
    assert card["serving"] == {"rows": 891, "positive": 342}
    assert card["holdout"]["positive"] + card["training"]["positive"] == 342
    assert [each["name"] for each in card["baselines"]] == [
        "Majority class",
        "Women survive",
        "Women, children and their groups",
    ]
    assert {"groups", "baselines", "log_loss", "prior_log_loss"} <= card["cross_validation"].keys()
    assert all(
        low < card["never_seen"][name]["accuracy"] < high
        for name in card["never_seen"]
        for low, high in [card["never_seen"][name]["interval"]]
    )
    assert card["in_a_sentence"].startswith("Of passengers like these that it has never seen, expect ")
    assert (card["search"]["scoring"], card["search"]["choose"]) == ("log_loss", "simplest")
    assert {frozenset(each) for each in card["slices"]} == {
        frozenset({"feature", "value", "rows", "accuracy", "positive", "probability"})
    }
    assert "survived" not in json.dumps({name: each for name, each in card.items() if name != "label"}).replace(
        "companions_survived", ""
    )


def test_a_use_case_without_groups_slices_or_an_id_has_a_card_too(
    small: UseCase, objects: MemoryObjectStore, feature_rows: list[FeatureRow]
) -> None:
    plain = replace(small, id=None, encoding=TableEncoding(small.features), slices=(), baselines=(), groups=None)
    rows = [replace(row, row_id=f"{int(row.row_id):024x}.1") for row in feature_rows]

    registry = Registry(objects, "models", plain)
    card = json.loads(registry.reader.artifact(fitted(MemoryOfflineStore(plain), registry, rows).version, CARD))
    assert card["slices"] == []
    assert [each["name"] for each in card["baselines"]] == ["Majority class"]
    assert card["holdout"]["by"] == "sha256 of its content"
    assert "groups" not in card["cross_validation"]
    assert set(card["never_seen"]) == {"rows"}
    assert card["metrics"]["roc_auc"] > 0.75
