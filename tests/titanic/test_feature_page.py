"""The page of features is the registries' own."""

import importlib.util
from pathlib import Path

from titanic import companions, features
from titanic.passenger import FIELDS

ROOT = Path(__file__).parents[2]


def test_it_is_what_the_registries_make_of_it() -> None:
    spec = importlib.util.spec_from_file_location("features_page", ROOT / "docs" / "features_page.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)

    assert maker.PAGE.read_text() == maker.page(), "the registries have changed: run `make docs`"


def test_every_feature_has_a_meaning_a_source_and_an_owner() -> None:
    registered = (*features.REGISTRY, *companions.FEATURES)

    assert len({each.name for each in registered}) == len(registered)
    for each in registered:
        assert each.meaning
        assert set(each.source) <= {*FIELDS, "Survived"}
        assert each.source
        assert (ROOT / each.owner).is_file()
