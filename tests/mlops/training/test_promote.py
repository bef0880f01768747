"""Promotion end to end over a registry in memory: the gate, races, and champions that are beyond help."""

import random
from dataclasses import replace
from typing import Any

import pytest

from fakes.decision_log import MemoryDecisionLog
from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.errors import (
    ModelCorruptedError,
    ModelNotFoundError,
    PromotionConflictError,
    StoreUnavailableError,
)
from mlops.model.search import Evaluation
from mlops.ports import FeatureRow
from mlops.registry.set_champion import crown
from mlops.registry.versions import MODEL, Champion, Registry
from mlops.training import train
from mlops.training.promote import ROUNDS, Outcome, promote
from titanic.features import SCHEMA_HASH


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.model.estimator.TREES", 10)


class Works:
    """A place that makes models of different kinds."""

    def __init__(self, rows: list[FeatureRow]) -> None:
        self.objects = MemoryObjectStore()
        self.registry = Registry(self.objects, "models")
        self.decisions = MemoryDecisionLog()
        self.offline = MemoryOfflineStore()
        self.offline.write("list", SCHEMA_HASH, rows)
        fates = random.Random(5).sample([row.survived for row in rows], len(rows))
        noise = [replace(row, survived=fate) for row, fate in zip(rows, fates, strict=True)]
        self.offline.write("noise", SCHEMA_HASH, noise)

    def model(self, depth: int = 5, dataset: str = "list", **params: Any) -> str:
        evaluation = Evaluation(0, {"max_depth": depth, **params}, (0.8,))
        return train.fit(self.offline, self.registry, dataset, SCHEMA_HASH, [evaluation]).version

    def promote(self, version: str) -> Outcome:
        return promote(self.offline, self.registry, self.decisions, version)

    def champion(self) -> str | None:
        champion = self.registry.shelf.champion()
        return champion.version if champion else None


@pytest.fixture
def works(feature_rows: list[FeatureRow]) -> Works:
    return Works(feature_rows)


def test_the_first_model_is_promoted_and_again_changes_nothing(works: Works) -> None:
    version = works.model()

    first = works.promote(version)
    assert (first.verdict.decision, first.champion) == ("promoted", version)
    before = works.objects.get("models", "champion.json")
    again = works.promote(works.model())
    assert (again.verdict.decision, again.champion) == ("unchanged", version)
    assert works.objects.get("models", "champion.json") == before


def test_a_model_trained_on_noise_is_never_promoted(works: Works) -> None:
    noise = works.model(dataset="noise")

    outcome = works.promote(noise)
    assert (outcome.verdict.decision, outcome.champion, works.champion()) == ("kept", None, None)
    good = works.model()
    works.promote(good)
    assert works.promote(noise).champion == good


def test_a_much_worse_model_leaves_the_champion(works: Works) -> None:
    good, poor = works.model(), works.model(depth=1, max_features=1)
    works.promote(good)

    outcome = works.promote(poor)
    assert outcome.verdict.decision == "kept"
    assert outcome.verdict.reason
    assert works.champion() == good


def test_beaten_in_a_race_it_judges_anew(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pipeline promotes between our look at the pointer and our write."""
    ours, theirs = works.model(), works.model(depth=6)
    enthrone = Registry.enthrone
    raced: list[str] = []

    def late(registry: Registry, version: str, reason: str, instead_of: Champion | None) -> Champion:
        if not raced:
            raced.append(version)
            enthrone(registry, theirs, "first", None)
        return enthrone(registry, version, reason, instead_of)

    monkeypatch.setattr(Registry, "enthrone", late)
    outcome = works.promote(ours)

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
        works.promote(version)
    assert len(tries) == ROUNDS


@pytest.mark.parametrize("damage", ["corrupted", "gone"])
def test_a_champion_that_cannot_serve_does_not_bar_the_way(works: Works, damage: str) -> None:
    old, new = works.model(), works.model(depth=6)
    works.promote(old)
    if damage == "gone":
        del works.objects._objects["models", f"models/{old}/{MODEL}"]
    else:
        works.objects.put("models", f"models/{old}/{MODEL}", b"damaged", "application/octet-stream")

    outcome = works.promote(new)
    assert works.champion() == new
    assert "cannot be served any more" in outcome.verdict.reason


def test_a_challenger_that_is_damaged_or_unknown_is_refused(works: Works) -> None:
    champion, damaged = works.model(), works.model(depth=6)
    works.promote(champion)
    works.objects.put("models", f"models/{damaged}/{MODEL}", b"damaged", "application/octet-stream")

    with pytest.raises(ModelCorruptedError):
        works.promote(damaged)
    with pytest.raises(ModelNotFoundError):
        works.promote("feedfeedfeedfeed")
    assert works.champion() == champion


def test_every_decision_leaves_a_row(works: Works) -> None:
    good, poor = works.model(), works.model(depth=1, max_features=1)
    for version in (good, poor, good):
        works.promote(version)

    rows = works.decisions.rows
    assert [(row.model_version, row.decision, row.champion, row.previous) for row in rows] == [
        (good, "promoted", good, None),
        (poor, "kept", good, good),
        (good, "unchanged", good, good),
    ]
    assert all(row.reason for row in rows)
    assert rows[0].evidence["calibrated"]["holds"] is True
    assert not all(check["holds"] for check in rows[1].evidence.values())


def test_a_promotion_whose_row_was_lost_is_caught_up(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL goes away behind the switch; the step is tried again."""
    version = works.model()

    def away(_decision: object) -> None:
        raise StoreUnavailableError("PostgreSQL is away")

    with monkeypatch.context() as patched:
        patched.setattr(works.decisions, "record", away)
        with pytest.raises(StoreUnavailableError):
            works.promote(version)
    assert works.champion() == version

    works.promote(version)
    assert [row.decision for row in works.decisions.rows] == ["promoted", "unchanged"]


def test_a_rollback_to_and_fro_without_rows_is_caught_up(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = works.model(), works.model(depth=6)
    works.promote(first)
    works.promote(second)

    def away(*_: object) -> None:
        raise StoreUnavailableError("PostgreSQL is away")

    with monkeypatch.context() as patched:
        patched.setattr(works.decisions, "record", away)
        crown(works.registry, works.decisions, first)
        crown(works.registry, works.decisions, second)

    works.promote(second)
    assert [(row.decision, row.champion) for row in works.decisions.rows[2:]] == [
        ("crowned", second),
        ("unchanged", second),
    ]


def test_a_rollback_does_not_wait_for_its_row(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = works.model(), works.model(depth=6)
    works.promote(first)
    works.promote(second)
    assert works.champion() == second

    def away(*_: object) -> None:
        raise StoreUnavailableError("PostgreSQL is away")

    with monkeypatch.context() as patched:
        patched.setattr(works.decisions, "record", away)
        assert crown(works.registry, works.decisions, first).previous == second
    assert works.champion() == first

    works.promote(first)
    assert [(row.decision, row.champion) for row in works.decisions.rows[2:]] == [
        ("crowned", first),
        ("unchanged", first),
    ]
