"""Promotion end to end over a registry in memory: the gate, races, and champions that cannot be served."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fakes.dataset_store import MemoryDatasetStore
from fakes.decision_log import MemoryDecisionLog
from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.data.datasets import DatasetVersion
from mlops.errors import (
    ModelCorruptedError,
    ModelNotFoundError,
    PromotionConflictError,
    StoreUnavailableError,
)
from mlops.features.stores import FeatureRow
from mlops.model.search import Evaluation
from mlops.registry.set_champion import set_champion
from mlops.registry.versions import MODEL, Champion, Registry
from mlops.training.promote import ROUNDS, Outcome, promote
from mlops.training.train import Run
from mlops.use_case import UseCase


class Works:
    """A place that makes models of different kinds; one of a single split is surely worse than one of four."""

    def __init__(self, case: UseCase, rows: list[FeatureRow]) -> None:
        self.case, self.rows, self.objects = case, rows, MemoryObjectStore()
        self.registry = Registry(self.objects, "models", case)
        self.decisions, self.datasets = MemoryDecisionLog(), MemoryDatasetStore(case)
        self.offline = MemoryOfflineStore(case)
        self.offline.write("list", case.schema_hash, rows)
        labels = random.Random(5).sample([row.label for row in rows], len(rows))
        noise = [replace(row, label=label) for row, label in zip(rows, labels, strict=True)]
        self.offline.write("noise", case.schema_hash, noise)

    def model(self, depth: int = 4, dataset: str = "list", **params: Any) -> str:
        evaluation = Evaluation(0, {"max_depth": depth, "max_features": 0.8, **params}, (0.8,))
        schema = self.case.schema_hash
        return Run(self.case, self.offline, self.registry, dataset, schema).fit([evaluation]).version

    def promote(self, version: str) -> Outcome:
        return promote(self.case, self.offline, self.datasets, self.registry, self.decisions, version)

    def champion(self) -> str | None:
        champion = self.registry.reader.champion()
        return champion.version if champion else None


@pytest.fixture
def works(small: UseCase, feature_rows: list[FeatureRow]) -> Works:
    return Works(replace(small, baselines=()), feature_rows)


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
    assert "that of the class prior" in outcome.verdict.reason
    good = works.model()
    works.promote(good)
    assert works.promote(noise).champion == good


def test_a_much_worse_model_leaves_the_champion(works: Works) -> None:
    good, poor = works.model(), works.model(depth=1)
    works.promote(good)

    outcome = works.promote(poor)
    assert outcome.verdict.decision == "kept"
    assert outcome.verdict.reason
    assert works.champion() == good


def test_after_another_promotion_the_judgement_is_made_anew(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pipeline promotes between our look at the pointer and our write."""
    ours, theirs = works.model(), works.model(depth=1)
    set_pointer: Callable[..., Champion] = Registry.set_champion
    raced: list[str] = []

    def late(registry: Registry, version: str, reason: str, instead_of: Champion | None, **more: Any) -> Champion:
        if not raced:
            raced.append(version)
            set_pointer(registry, theirs, "first", None)
        return set_pointer(registry, version, reason, instead_of, **more)

    monkeypatch.setattr(Registry, "set_champion", late)
    outcome = works.promote(ours)

    assert raced == [ours]
    assert outcome.verdict.evidence()["no worse"]["words"].startswith(f"against champion {theirs}")
    assert works.champion() == ours


def test_a_champion_that_moves_each_time_is_a_conflict_in_the_end(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def conflict(*arguments: object, **_: object) -> None:
        tries.append(arguments)
        raise PromotionConflictError

    version = works.model()
    monkeypatch.setattr(Registry, "set_champion", conflict)
    with pytest.raises(PromotionConflictError):
        works.promote(version)
    assert len(tries) == ROUNDS


def test_a_champion_that_cannot_be_served_still_keeps_bad_data_out(works: Works) -> None:
    """By its out-of-fold probabilities, which any code can read."""
    old = works.model()
    works.promote(old)
    del works.objects._objects["models", f"models/{old}/{MODEL}"]
    labels = {row.row_id: row.label for row in works.rows}
    turned = [replace(row, label=1 - labels[row.row_id]) for row in works.rows]
    works.offline.write("turned", works.case.schema_hash, turned)

    outcome = works.promote(works.model(dataset="turned"))
    assert (outcome.verdict.decision, works.champion()) == ("kept", old)
    assert outcome.verdict.evidence()["no worse data"]["holds"] is False
    good = works.model(depth=3)
    assert works.promote(good).champion == good


@pytest.mark.parametrize("damage", ["corrupted", "gone"])
def test_a_champion_that_cannot_be_served_is_replaced(works: Works, damage: str) -> None:
    old, new = works.model(depth=1), works.model()
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
    good, poor = works.model(), works.model(depth=1)
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


def test_rollbacks_whose_rows_were_lost_are_caught_up(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = works.model(depth=1), works.model()
    works.promote(first)
    works.promote(second)

    def away(*_: object) -> None:
        raise StoreUnavailableError("PostgreSQL is away")

    with monkeypatch.context() as patched:
        patched.setattr(works.decisions, "record", away)
        set_champion(works.registry, works.decisions, first)
        set_champion(works.registry, works.decisions, second)

    works.promote(second)
    assert [(row.decision, row.champion) for row in works.decisions.rows[2:]] == [
        ("set_by_hand", second),
        ("unchanged", second),
    ]


def test_a_rollback_does_not_wait_for_its_row(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = works.model(depth=1), works.model()
    works.promote(first)
    works.promote(second)
    assert works.champion() == second

    def away(*_: object) -> None:
        raise StoreUnavailableError("PostgreSQL is away")

    with monkeypatch.context() as patched:
        patched.setattr(works.decisions, "record", away)
        assert set_champion(works.registry, works.decisions, first).previous == second
    assert works.champion() == first

    works.promote(first)
    assert [(row.decision, row.champion) for row in works.decisions.rows[2:]] == [
        ("set_by_hand", first),
        ("unchanged", first),
    ]


def test_a_champion_of_another_feature_schema_is_replaced(works: Works, feature_rows: list[FeatureRow]) -> None:
    """As after an upgrade: the state is of the last release, whose features were others."""
    old = works.model()
    works.promote(old)
    changed = replace(works.case, definition=works.case.definition + 1)
    upgraded = Works(changed, feature_rows)
    upgraded.objects._objects = works.objects._objects

    new = upgraded.model()
    outcome = upgraded.promote(new)
    assert (outcome.verdict.decision, upgraded.champion()) == ("promoted", new)
    assert f"Champion {old} cannot be served any more" in outcome.verdict.reason


def test_the_anchor_is_the_best_so_far(works: Works) -> None:
    """What is surely better takes its place; a rollback is a person's word."""

    def anchor() -> str | None:
        pointer = works.registry.reader.champion()
        return pointer.anchor if pointer else None

    poor, good = works.model(depth=1), works.model()
    works.promote(poor)
    assert anchor() == poor
    works.promote(good)
    assert anchor() == good
    set_champion(works.registry, works.decisions, poor)
    assert anchor() == poor


def test_an_anchor_that_is_not_champion_is_compared_too(works: Works) -> None:
    good, poor, challenger = works.model(), works.model(depth=1), works.model(depth=2)
    works.registry.set_champion(poor, "a tie", None, anchor=good)

    outcome = works.promote(challenger)
    assert (outcome.verdict.decision, outcome.champion) == ("kept", poor)
    assert outcome.verdict.evidence()["no worse than the best"]["holds"] is False
    assert works.registry.reader.champion().anchor == good  # type: ignore[union-attr]


def uploaded(works: Works, rows: list[FeatureRow], source: str = "s3://data/raw/list.csv") -> str:
    """A dataset of these rows, known to both stores."""
    number = len(works.datasets._versions)
    version = f"{number:016x}"
    about = DatasetVersion(version, source, len(rows), 0, float(number), "", "")
    works.datasets._versions[version] = about, [], []
    works.offline.write(version, works.case.schema_hash, rows)
    return version


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (lambda rows: rows[:300], "no shrinkage"),
        (lambda rows: rows[:880], "no part of older data"),
        (lambda rows: [replace(row, label=1 - row.label) if int(row.row_id) % 10 == 0 else row for row in rows],
         "same labels"),
        (lambda rows: [replace(row, features={**row.features, "age": 80 - int(row.row_id) % 9}) for row in rows],
         "same features"),
    ],
    ids=["three hundred of them", "eleven fewer", "one label in ten turned round", "all of them old"],
)  # fmt: skip
def test_a_file_that_a_person_must_look_at_is_trained_on_and_held(
    works: Works, feature_rows: list[FeatureRow], upload: Callable[[list[FeatureRow]], list[FeatureRow]], reason: str
) -> None:
    champion = works.model(dataset=uploaded(works, feature_rows))
    works.promote(champion)

    outcome = works.promote(works.model(dataset=uploaded(works, upload(feature_rows))))
    assert (outcome.verdict.decision, outcome.champion) == ("kept", champion)
    assert outcome.verdict.evidence()[reason]["holds"] is False
    assert "make promote VERSION=" in outcome.verdict.reason


def test_the_original_list_again_after_another_was_set_by_hand_is_held(
    works: Works, feature_rows: list[FeatureRow]
) -> None:
    original = works.model(dataset=uploaded(works, feature_rows))
    later = works.model(depth=1, dataset=uploaded(works, feature_rows[::-1]))
    works.promote(original)
    set_champion(works.registry, works.decisions, later)

    outcome = works.promote(original)
    assert (outcome.verdict.decision, outcome.champion) == ("kept", later)
    assert "loaded before that of the champion" in outcome.verdict.reason


def test_a_rolling_use_case_and_a_list_that_retraining_composed_meet_no_objection(
    works: Works, feature_rows: list[FeatureRow]
) -> None:
    champion = works.model(depth=1, dataset=uploaded(works, feature_rows))
    works.promote(champion)
    composed = works.model(dataset=uploaded(works, feature_rows[:700], "s3://data/labelled/0.csv"))
    assert works.promote(composed).champion == composed

    set_champion(works.registry, works.decisions, champion)
    works.case = replace(works.case, rolling=True)
    outcome = works.promote(works.model(dataset=uploaded(works, feature_rows[:700])))
    assert "no shrinkage" not in outcome.verdict.evidence()
