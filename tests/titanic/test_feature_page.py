"""The page of features is made from the declaration."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from fakes.survey import USE_CASE as SURVEY
from titanic import USE_CASE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("features_page", ROOT / "docs" / "features_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(maker: ModuleType) -> None:
    assert maker.PAGE.read_text() == maker.page(USE_CASE), "the features have changed: run `make docs`"


def test_a_page_can_be_made_of_any_use_case(maker: ModuleType) -> None:
    page = maker.page(SURVEY)

    assert all(f"`{feature.name}`" in page for feature in SURVEY.features)
    assert "passenger" not in page
    assert "companions" not in page


def test_every_feature_has_a_meaning_a_source_and_an_owner() -> None:
    declared = (*USE_CASE.features, *USE_CASE.learned_features)

    assert len({each.name for each in declared}) == len(declared)
    for each in declared:
        assert each.meaning
        assert each.title
        assert each.source
        assert (ROOT / each.owner).is_file()
