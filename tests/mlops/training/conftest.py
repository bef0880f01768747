"""Small forests, validated once, so that a test takes seconds."""

from dataclasses import replace

import pytest

from mlops.use_case import UseCase


@pytest.fixture(autouse=True)
def validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.model.cross_validation.REPEATS", 1)


@pytest.fixture(scope="session")
def small(case: UseCase) -> UseCase:
    """The use case with forests of ten trees."""
    return replace(case, search=replace(case.search, trees=10))
