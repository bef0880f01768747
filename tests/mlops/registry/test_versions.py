"""The registry verifies whatever it reads."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.errors import ModelCorruptedError, ModelNotFoundError, PromotionConflictError
from mlops.features.stores import FeatureRow
from mlops.model.portable import Model, dump
from mlops.registry.versions import CARD, CHAMPION, DIGESTS, MODEL, Registry
from titanic import USE_CASE

BUCKET = "models"


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def registry(objects: MemoryObjectStore) -> Registry:
    return Registry(objects, BUCKET, USE_CASE)


def published(registry: Registry, model: Model, card: str = "{}") -> str:
    return registry.publish({MODEL: dump(model, USE_CASE), CARD: card.encode()})


def test_a_version_is_its_content(registry: Registry, objects: MemoryObjectStore, model: Model) -> None:
    version = published(registry, model)

    assert published(registry, model) == version
    assert published(registry, model, card='{"another": 1}') != version
    assert sorted(objects.keys(BUCKET, f"models/{version}/")) == [
        f"models/{version}/{name}" for name in (CARD, DIGESTS, MODEL)
    ]


def test_a_model_is_read_back(registry: Registry, model: Model, feature_rows: list[FeatureRow]) -> None:
    rows = [feature_rows[0].features]

    assert registry.reader.model(published(registry, model)).explanations(rows) == model.explanations(rows)


def test_a_swapped_artifact_is_refused(registry: Registry, objects: MemoryObjectStore, model: Model) -> None:
    version = published(registry, model)
    objects.put(BUCKET, f"models/{version}/{CARD}", b'{"accuracy": 1}', "application/json")

    with pytest.raises(ModelCorruptedError, match=CARD):
        registry.reader.artifact(version, CARD)


def test_digests_that_were_swapped_too_are_refused(
    registry: Registry, objects: MemoryObjectStore, model: Model
) -> None:
    version, other = published(registry, model), published(registry, model, card="[]")
    for name in (CARD, DIGESTS):
        body, _ = objects.get(BUCKET, f"models/{other}/{name}")
        objects.put(BUCKET, f"models/{version}/{name}", body, "application/json")

    with pytest.raises(ModelCorruptedError, match="digests"):
        registry.reader.artifact(version, CARD)


def test_an_unknown_version_is_not_found(registry: Registry, model: Model) -> None:
    with pytest.raises(ModelNotFoundError, match="feedfeedfeedfeed"):
        registry.reader.model("feedfeedfeedfeed")
    with pytest.raises(ModelNotFoundError, match="portrait"):
        registry.reader.artifact(published(registry, model), "portrait.png")


def test_the_champion_changes_only_for_a_writer_who_knows_the_current_one(registry: Registry) -> None:
    assert registry.reader.champion() is None
    registry.set_champion("first", "because", None)
    first = registry.reader.champion()
    assert first is not None
    assert first.version == "first"

    registry.set_champion("second", "better", first)
    for outdated in (None, first):
        with pytest.raises(PromotionConflictError):
            registry.set_champion("third", "late", outdated)
    second = registry.reader.champion()
    assert second is not None
    assert second.version == "second"


def test_the_pointer_names_the_previous_champion_and_the_reason(registry: Registry, objects: MemoryObjectStore) -> None:
    registry.set_champion("first", "because", None)
    registry.set_champion("second", "better", registry.reader.champion())

    pointer = json.loads(objects.get(BUCKET, CHAMPION)[0])
    assert datetime.fromisoformat(pointer.pop("at")).tzinfo
    about = {"version": "second", "previous": "first", "reason": "better", "decision": "promoted"}
    assert pointer == {**about, "anchor": "second"}
    registry.set_champion("third", "a tie", registry.reader.champion(), anchor="second")
    assert registry.reader.champion().anchor == "second"  # type: ignore[union-attr]


def test_a_pointer_of_an_earlier_release_is_read(registry: Registry, objects: MemoryObjectStore) -> None:
    objects.put(BUCKET, CHAMPION, b'{"version": "old", "previous": null, "reason": "because"}', "application/json")

    champion = registry.reader.champion()
    assert champion is not None
    assert (champion.version, champion.decision) == ("old", "promoted")


def test_a_damaged_pointer_is_an_error_and_not_no_champion(registry: Registry, objects: MemoryObjectStore) -> None:
    objects.put(BUCKET, CHAMPION, b'{"version"', "application/json")

    with pytest.raises(ModelCorruptedError):
        registry.reader.champion()


def test_what_a_later_release_adds_to_the_pointer_is_passed_over(
    registry: Registry, objects: MemoryObjectStore
) -> None:
    registry.set_champion("first", "because", None)
    body, etag = objects.get(BUCKET, CHAMPION)
    objects.replace(BUCKET, CHAMPION, json.dumps({**json.loads(body), "canary": 0.1}).encode(), "text/plain", etag)

    champion = registry.reader.champion()
    assert champion
    assert (champion.version, champion.anchor) == ("first", "first")


def test_a_model_of_another_feature_schema_must_be_trained_again(objects: MemoryObjectStore, model: Model) -> None:
    changed = replace(USE_CASE, definition=USE_CASE.definition + 1)
    version = published(Registry(objects, BUCKET, USE_CASE), model)

    with pytest.raises(ModelCorruptedError, match="train again"):
        Registry(objects, BUCKET, changed).reader.model(version)


def test_versions_are_listed_newest_first_by_their_first_publication(objects: MemoryObjectStore) -> None:
    minutes = iter(range(60))
    registry = Registry(objects, BUCKET, USE_CASE, lambda: datetime(2026, 1, 2, 3, next(minutes), tzinfo=UTC))
    first, second = registry.publish({CARD: b"1"}), registry.publish({CARD: b"2"})
    registry.publish({CARD: b"1"})
    objects.put(BUCKET, "models/unfinished/card.json", b"{}", "application/json")

    assert list(registry.reader.versions()) == [
        (second, "2026-01-02T03:01:00.000000Z"),
        (first, "2026-01-02T03:00:00.000000Z"),
    ]


def test_a_version_whose_publication_broke_off_is_listed_last(registry: Registry, objects: MemoryObjectStore) -> None:
    objects.put(BUCKET, "models/fffffffffffffff0/digests.json", b"{}", "application/json")
    known = registry.publish({CARD: b"1"})

    assert [version for version, _ in registry.reader.versions()] == [known, "fffffffffffffff0"]
