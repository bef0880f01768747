"""The API against its own description, by schemathesis, and `derive` against anything that is a passenger."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from titanic.features import REGISTRY, derive
from titanic.passenger import CLASSES, PORTS, SEXES, Passenger

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "25"))  # of each call
FUNCTIONS = Path(__file__).parents[2] / "functions"
HEALTH = list(HealthCheck)
KEY = "correct horse"


@pytest.fixture
def described(champion: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The description that the app gives of itself, for the app that gives it."""
    monkeypatch.syspath_prepend(FUNCTIONS / "inference")
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda _: KEY)
    import api

    return schemathesis.openapi.from_asgi("/openapi.json", api.create())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_api_keeps_to_its_description(described: Any, mode: GenerationMode) -> None:
    """What it says it takes it takes, what it does not it refuses, and every answer is one that it describes."""
    for found in described.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # nothing to get wrong

        @given(operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH)
        def keeps_to_it(case: Any) -> None:
            case.call_and_validate(headers={"X-Api-Key": KEY})

        keeps_to_it()


text = st.text(max_size=50)
passengers = st.builds(
    Passenger,
    pclass=st.sampled_from(CLASSES),
    name=text,
    sex=st.sampled_from(SEXES),
    age=st.none() | st.floats(0, 120),
    sibsp=st.integers(0, 30),
    parch=st.integers(0, 30),
    ticket=st.none() | text,
    fare=st.none() | st.floats(0, 10_000),
    cabin=st.none() | text,
    embarked=st.none() | st.sampled_from(PORTS),
)


@given(passengers)
def test_no_passenger_crashes_derive(passenger: Passenger) -> None:
    assert set(derive(passenger)) == {feature.name for feature in REGISTRY}
