"""The registry believes nothing that it cannot verify."""

import json
from datetime import datetime

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.errors import ModelCorruptedError, ModelNotFoundError, PromotionConflictError
from mlops.model.portable import Model, dump
from mlops.ports import FeatureRow
from mlops.registry.versions import CARD, CHAMPION, DIGESTS, MODEL, Registry

BUCKET = "models"


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def registry(objects: MemoryObjectStore) -> Registry:
    return Registry(objects, BUCKET)


def published(registry: Registry, model: Model, card: str = "{}") -> str:
    return registry.publish({MODEL: dump(model), CARD: card.encode()})


def test_a_version_is_its_content(registry: Registry, objects: MemoryObjectStore, model: Model) -> None:
    version = published(registry, model)

    assert published(registry, model) == version
    assert published(registry, model, card='{"another": 1}') != version
    assert sorted(objects.keys(BUCKET, f"models/{version}/")) == [
        f"models/{version}/{name}" for name in (CARD, DIGESTS, MODEL)
    ]


def test_a_model_is_read_back(registry: Registry, model: Model, feature_rows: list[FeatureRow]) -> None:
    rows = [feature_rows[0].features]

    assert registry.shelf.model(published(registry, model)).explanations(rows) == model.explanations(rows)


def test_a_swapped_artifact_is_refused(registry: Registry, objects: MemoryObjectStore, model: Model) -> None:
    version = published(registry, model)
    objects.put(BUCKET, f"models/{version}/{CARD}", b'{"accuracy": 1}', "application/json")

    with pytest.raises(ModelCorruptedError, match=CARD):
        registry.shelf.artifact(version, CARD)


def test_digests_that_were_swapped_too_are_refused(
    registry: Registry, objects: MemoryObjectStore, model: Model
) -> None:
    version, other = published(registry, model), published(registry, model, card="[]")
    for name in (CARD, DIGESTS):
        body, _ = objects.get(BUCKET, f"models/{other}/{name}")
        objects.put(BUCKET, f"models/{version}/{name}", body, "application/json")

    with pytest.raises(ModelCorruptedError, match="digests"):
        registry.shelf.artifact(version, CARD)


def test_an_unknown_version_is_not_found(registry: Registry, model: Model) -> None:
    with pytest.raises(ModelNotFoundError, match="feedfeedfeedfeed"):
        registry.shelf.model("feedfeedfeedfeed")
    with pytest.raises(ModelNotFoundError, match="portrait"):
        registry.shelf.artifact(published(registry, model), "portrait.png")


def test_the_champion_changes_only_for_those_who_know_it(registry: Registry) -> None:
    assert registry.shelf.champion() is None
    registry.enthrone("first", "because", None)
    first = registry.shelf.champion()
    assert first is not None
    assert first.version == "first"

    registry.enthrone("second", "better", first)
    for outdated in (None, first):
        with pytest.raises(PromotionConflictError):
            registry.enthrone("third", "late", outdated)
    second = registry.shelf.champion()
    assert second is not None
    assert second.version == "second"


def test_the_pointer_says_who_was_before_and_why(registry: Registry, objects: MemoryObjectStore) -> None:
    registry.enthrone("first", "because", None)
    registry.enthrone("second", "better", registry.shelf.champion())

    pointer = json.loads(objects.get(BUCKET, CHAMPION)[0])
    assert datetime.fromisoformat(pointer.pop("at")).tzinfo
    assert pointer == {"version": "second", "previous": "first", "reason": "better", "decision": "promoted"}


def test_a_pointer_that_says_less_is_read_too(registry: Registry, objects: MemoryObjectStore) -> None:
    objects.put(BUCKET, CHAMPION, b'{"version": "old", "previous": null, "reason": "because"}', "application/json")

    champion = registry.shelf.champion()
    assert champion is not None
    assert (champion.version, champion.decision) == ("old", "promoted")


def test_a_damaged_pointer_is_not_taken_for_no_champion(registry: Registry, objects: MemoryObjectStore) -> None:
    objects.put(BUCKET, CHAMPION, b'{"version"', "application/json")

    with pytest.raises(ModelCorruptedError):
        registry.shelf.champion()
