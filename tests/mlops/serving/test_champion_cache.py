"""The cached champion: swapped without a restart, and kept while its successor cannot be served."""

import pytest

from fakes.clock import Clock
from fakes.object_store import MemoryObjectStore
from fakes.reader import FickleReader
from mlops.errors import ModelCorruptedError, NoChampionError, StoreUnavailableError
from mlops.model.portable import Model, dump
from mlops.registry.versions import CHAMPION, MODEL, Registry, RegistryReader
from mlops.serving.champion_cache import REFRESH_SECONDS, RETRY_SECONDS, ChampionCache
from titanic import USE_CASE

BUCKET = "models"


class Setting:
    """A registry, a reader that can go away, and the cache over them."""

    def __init__(self, model: Model) -> None:
        self.objects = MemoryObjectStore()
        self.registry = Registry(self.objects, BUCKET, USE_CASE)
        self.reader = FickleReader(self.objects)
        self.clock = Clock()
        self.cache = ChampionCache(RegistryReader(self.reader, BUCKET, USE_CASE), self.clock)
        self._file = dump(model, USE_CASE)

    def promote(self, name: str) -> str:
        version = self.registry.publish({MODEL: self._file, "name": name.encode()})
        self.registry.set_champion(version, name, self.registry.reader.champion())
        return version


@pytest.fixture
def setting(model: Model) -> Setting:
    return Setting(model)


def test_the_champion_serves_from_memory(setting: Setting) -> None:
    version = setting.promote("first")
    assert setting.cache.champion().version == version
    asked = setting.reader.asked

    setting.clock.now += REFRESH_SECONDS - 0.1
    assert setting.cache.champion().version == version
    assert setting.reader.asked == asked


def test_looking_again_reads_the_pointer_alone(setting: Setting) -> None:
    setting.promote("first")
    model = setting.cache.champion().model
    asked = setting.reader.asked

    setting.clock.now += REFRESH_SECONDS
    assert setting.cache.champion().model is model
    assert setting.reader.asked == asked + 1


def test_a_new_champion_serves_within_the_refresh_time(setting: Setting) -> None:
    setting.promote("first")
    setting.cache.champion()
    second = setting.promote("second")

    setting.clock.now += REFRESH_SECONDS
    assert setting.cache.champion().version == second


def test_a_refresh_looks_at_once(setting: Setting) -> None:
    setting.promote("first")
    setting.cache.champion()
    second = setting.promote("second")

    assert setting.cache.refresh().version == second
    asked = setting.reader.asked
    setting.clock.now += REFRESH_SECONDS - 0.1
    assert setting.cache.champion().version == second
    assert setting.reader.asked == asked


def test_without_a_champion_there_is_nothing_to_serve(setting: Setting) -> None:
    with pytest.raises(NoChampionError):
        setting.cache.champion()
    version = setting.promote("first")
    assert setting.cache.champion().version == version


def test_with_the_store_away_the_cached_model_serves_and_says_so(setting: Setting) -> None:
    version = setting.promote("first")
    setting.cache.champion()
    setting.reader.away = True
    setting.clock.now += REFRESH_SECONDS

    assert setting.cache.champion().version == version
    assert setting.cache.champion().trouble
    asked = setting.reader.asked
    setting.clock.now += RETRY_SECONDS - 0.1
    setting.cache.champion()
    assert setting.reader.asked == asked

    setting.reader.away = False
    setting.clock.now += 0.1
    assert setting.cache.champion().trouble == ""


def test_with_the_store_away_from_the_start_the_error_is_told(setting: Setting) -> None:
    setting.promote("first")
    setting.reader.away = True

    with pytest.raises(StoreUnavailableError):
        setting.cache.champion()


@pytest.mark.parametrize("damage", ["model", "pointer", "pointer gone", "model gone"])
def test_a_champion_that_cannot_be_served_does_not_take_over(setting: Setting, damage: str) -> None:
    first = setting.promote("first")
    setting.cache.champion()
    second = setting.promote("second")
    stored = setting.objects._objects
    match damage:
        case "model":
            stored[BUCKET, f"models/{second}/{MODEL}"] = b"damaged"
        case "pointer":
            stored[BUCKET, CHAMPION] = b"damaged"
        case "pointer gone":
            del stored[BUCKET, CHAMPION]
        case "model gone":
            del stored[BUCKET, f"models/{second}/{MODEL}"]

    setting.clock.now += REFRESH_SECONDS
    served = setting.cache.champion()
    assert served.version == first
    assert served.trouble


def test_a_corrupted_first_champion_is_refused(setting: Setting) -> None:
    version = setting.promote("first")
    setting.objects.put(BUCKET, f"models/{version}/{MODEL}", b"damaged", "application/octet-stream")

    with pytest.raises(ModelCorruptedError):
        setting.cache.champion()
