"""The incumbent: swapped without a restart, and never left for something worse."""

import pytest

from fakes.clock import Clock
from fakes.object_store import MemoryObjectStore
from fakes.reader import FickleReader
from mlops.errors import ModelCorruptedError, NoChampionError, StoreUnavailableError
from mlops.model.portable import Model, dump
from mlops.registry.versions import CHAMPION, MODEL, Registry, Shelf
from mlops.serving.champion_cache import PATIENCE, PATIENCE_WITH_TROUBLE, Incumbent

BUCKET = "models"


class Scene:
    """A registry, a reader that can go away, and the incumbent that lives on them."""

    def __init__(self, model: Model) -> None:
        self.objects = MemoryObjectStore()
        self.registry = Registry(self.objects, BUCKET)
        self.reader = FickleReader(self.objects)
        self.clock = Clock()
        self.incumbent = Incumbent(Shelf(self.reader, BUCKET), self.clock)
        self._file = dump(model)

    def promote(self, name: str) -> str:
        version = self.registry.publish({MODEL: self._file, "name": name.encode()})
        self.registry.enthrone(version, name, self.registry.shelf.champion())
        return version


@pytest.fixture
def scene(model: Model) -> Scene:
    return Scene(model)


def test_the_champion_serves_from_memory(scene: Scene) -> None:
    version = scene.promote("first")
    assert scene.incumbent.serving().version == version
    asked = scene.reader.asked

    scene.clock.now += PATIENCE - 0.1
    assert scene.incumbent.serving().version == version
    assert scene.reader.asked == asked


def test_looking_again_reads_the_pointer_alone(scene: Scene) -> None:
    scene.promote("first")
    model = scene.incumbent.serving().model
    asked = scene.reader.asked

    scene.clock.now += PATIENCE
    assert scene.incumbent.serving().model is model
    assert scene.reader.asked == asked + 1


def test_a_new_champion_serves_within_the_patience(scene: Scene) -> None:
    scene.promote("first")
    scene.incumbent.serving()
    second = scene.promote("second")

    scene.clock.now += PATIENCE
    assert scene.incumbent.serving().version == second


def test_a_refresh_looks_whatever_the_patience(scene: Scene) -> None:
    scene.promote("first")
    scene.incumbent.serving()
    second = scene.promote("second")

    assert scene.incumbent.refresh().version == second
    asked = scene.reader.asked
    scene.clock.now += PATIENCE - 0.1
    assert scene.incumbent.serving().version == second
    assert scene.reader.asked == asked


def test_without_a_champion_there_is_nothing_to_serve(scene: Scene) -> None:
    with pytest.raises(NoChampionError):
        scene.incumbent.serving()
    version = scene.promote("first")
    assert scene.incumbent.serving().version == version


def test_with_the_store_away_the_cached_model_serves_and_says_so(scene: Scene) -> None:
    version = scene.promote("first")
    scene.incumbent.serving()
    scene.reader.away = True
    scene.clock.now += PATIENCE

    assert scene.incumbent.serving().version == version
    assert scene.incumbent.serving().trouble
    asked = scene.reader.asked
    scene.clock.now += PATIENCE_WITH_TROUBLE - 0.1
    scene.incumbent.serving()
    assert scene.reader.asked == asked

    scene.reader.away = False
    scene.clock.now += 0.1
    assert scene.incumbent.serving().trouble == ""


def test_with_the_store_away_from_the_start_the_error_is_told(scene: Scene) -> None:
    scene.promote("first")
    scene.reader.away = True

    with pytest.raises(StoreUnavailableError):
        scene.incumbent.serving()


@pytest.mark.parametrize("damage", ["model", "pointer", "pointer gone", "model gone"])
def test_a_champion_that_cannot_be_served_does_not_take_over(scene: Scene, damage: str) -> None:
    first = scene.promote("first")
    scene.incumbent.serving()
    second = scene.promote("second")
    stored = scene.objects._objects
    match damage:
        case "model":
            stored[BUCKET, f"models/{second}/{MODEL}"] = b"damaged"
        case "pointer":
            stored[BUCKET, CHAMPION] = b"damaged"
        case "pointer gone":
            del stored[BUCKET, CHAMPION]
        case "model gone":
            del stored[BUCKET, f"models/{second}/{MODEL}"]

    scene.clock.now += PATIENCE
    serving = scene.incumbent.serving()
    assert serving.version == first
    assert serving.trouble


def test_a_corrupted_first_champion_is_refused(scene: Scene) -> None:
    version = scene.promote("first")
    scene.objects.put(BUCKET, f"models/{version}/{MODEL}", b"damaged", "application/octet-stream")

    with pytest.raises(ModelCorruptedError):
        scene.incumbent.serving()
