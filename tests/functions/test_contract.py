"""The API against its own description, by schemathesis, for two use cases; and `derive` against any row."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from fakes.step_functions import States
from passengers import PASSENGERS
from titanic import USE_CASE

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "15"))  # of each call
FUNCTIONS = Path(__file__).parents[2] / "functions"
HEALTH = list(HealthCheck)
KEY = "correct horse"


@pytest.fixture(params=["titanic", "survey"])
def described(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The description that the app of a use case gives of itself, for the app that gives it."""
    request.getfixturevalue("champion" if request.param == "titanic" else "survey_champion")
    monkeypatch.syspath_prepend(FUNCTIONS / "inference")
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    states = States()
    monkeypatch.setattr("mlops.stores.executions.boto3.client", lambda *_, **__: states)
    import api
    from dependencies import Dependencies

    return schemathesis.openapi.from_asgi("/openapi.json", api.create_app(Dependencies()))


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


@given(PASSENGERS)
def test_no_passenger_crashes_derive(passenger: Any) -> None:
    assert set(USE_CASE.derive(passenger)) == {feature.name for feature in USE_CASE.features}
