"""Promotion end to end over a registry in memory: the gate, races, and champions that are beyond help."""

import random
from dataclasses import replace
from typing import Any

import pytest

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from titanic.errors import ModelCorruptedError, ModelNotFoundError, PromotionConflictError
from titanic.features import SCHEMA_HASH
from titanic.ports import FeatureRow
from titanic.registry import MODEL, Registry
from titanic.search import Evaluation
from titanic.workflows import train
from titanic.workflows.promote import ROUNDS, promote


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("titanic.estimator.TREES", 10)


class Works:
    """A place that makes models of different kinds."""

    def __init__(self, rows: list[FeatureRow]) -> None:
        self.objects = MemoryObjectStore()
        self.registry = Registry(self.objects, "models")
        self.offline = MemoryOfflineStore()
        self.offline.write("list", SCHEMA_HASH, rows)
        fates = random.Random(5).sample([row.survived for row in rows], len(rows))
        noise = [replace(row, survived=fate) for row, fate in zip(rows, fates, strict=True)]
        self.offline.write("noise", SCHEMA_HASH, noise)

    def model(self, depth: int = 5, dataset: str = "list", **params: Any) -> str:
        evaluation = Evaluation(0, {"max_depth": depth, **params}, (0.8,))
        return train.fit(self.offline, self.registry, dataset, SCHEMA_HASH, [evaluation]).version

    def champion(self) -> str | None:
        champion = self.registry.shelf.champion()
        return champion.version if champion else None


@pytest.fixture
def works(feature_rows: list[FeatureRow]) -> Works:
    return Works(feature_rows)


def test_the_first_model_is_promoted_and_again_changes_nothing(works: Works) -> None:
    version = works.model()

    first = promote(works.offline, works.registry, version)
    assert (first.verdict.decision, first.champion) == ("promoted", version)
    before = works.objects.get("models", "champion.json")
    again = promote(works.offline, works.registry, works.model())
    assert (again.verdict.decision, again.champion) == ("unchanged", version)
    assert works.objects.get("models", "champion.json") == before


def test_a_model_trained_on_noise_is_never_promoted(works: Works) -> None:
    noise = works.model(dataset="noise")

    outcome = promote(works.offline, works.registry, noise)
    assert (outcome.verdict.decision, outcome.champion, works.champion()) == ("kept", None, None)
    good = works.model()
    promote(works.offline, works.registry, good)
    assert promote(works.offline, works.registry, noise).champion == good


def test_a_much_worse_model_leaves_the_champion(works: Works) -> None:
    good, poor = works.model(), works.model(depth=3, max_features=1)
    promote(works.offline, works.registry, good)

    outcome = promote(works.offline, works.registry, poor)
    assert outcome.verdict.decision == "kept"
    assert "margin" in outcome.verdict.reason
    assert works.champion() == good


def test_beaten_in_a_race_it_judges_anew(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pipeline promotes between our look at the pointer and our write."""
    ours, theirs = works.model(), works.model(depth=6)
    enthrone = Registry.enthrone
    raced: list[str] = []

    def late(registry: Registry, version: str, reason: str, instead_of: object) -> None:
        if not raced:
            raced.append(version)
            enthrone(registry, theirs, "first", None)
        enthrone(registry, version, reason, instead_of)  # type: ignore[arg-type]

    monkeypatch.setattr(Registry, "enthrone", late)
    outcome = promote(works.offline, works.registry, ours)

    assert raced == [ours]
    assert f"against champion {theirs}" in outcome.verdict.reason
    assert works.champion() == ours


def test_a_champion_that_never_rests_is_a_conflict_in_the_end(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def conflict(*arguments: object) -> None:
        tries.append(arguments)
        raise PromotionConflictError

    version = works.model()
    monkeypatch.setattr(Registry, "enthrone", conflict)
    with pytest.raises(PromotionConflictError):
        promote(works.offline, works.registry, version)
    assert len(tries) == ROUNDS


@pytest.mark.parametrize("damage", ["corrupted", "gone"])
def test_a_champion_that_cannot_serve_does_not_bar_the_way(works: Works, damage: str) -> None:
    old, new = works.model(), works.model(depth=6)
    promote(works.offline, works.registry, old)
    if damage == "gone":
        del works.objects._objects["models", f"models/{old}/{MODEL}"]
    else:
        works.objects.put("models", f"models/{old}/{MODEL}", b"damaged", "application/octet-stream")

    outcome = promote(works.offline, works.registry, new)
    assert works.champion() == new
    assert "cannot be served any more" in outcome.verdict.reason


def test_a_challenger_that_is_damaged_or_unknown_is_refused(works: Works) -> None:
    champion, damaged = works.model(), works.model(depth=6)
    promote(works.offline, works.registry, champion)
    works.objects.put("models", f"models/{damaged}/{MODEL}", b"damaged", "application/octet-stream")

    with pytest.raises(ModelCorruptedError):
        promote(works.offline, works.registry, damaged)
    with pytest.raises(ModelNotFoundError):
        promote(works.offline, works.registry, "feedfeedfeedfeed")
    assert works.champion() == champion
