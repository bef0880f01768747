"""The admin key's secret: one call for any number of guesses, and a rotated key that holds in time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from fakes.clock import Clock
from mlops.errors import StoreUnavailableError
from mlops.stores import secrets

NAME = "rotated/key"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(secrets, "monotonic", clock)
    return clock


@pytest.fixture
def calls(s3_endpoint_url: str, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[list[str]]:
    """What Secrets Manager was asked; nothing is remembered of it."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    asked: list[str] = []

    def count(params: Any, **_: Any) -> None:
        asked.append(str(params))

    secrets._client.cache_clear()
    secrets._known.clear()
    secrets._client().meta.events.register("before-call.secrets-manager.GetSecretValue", count)
    yield asked
    secrets._client.cache_clear()
    secrets._known.clear()


@pytest.fixture
def rotate(calls: list[str]) -> Callable[[str], None]:
    client = boto3.client("secretsmanager")

    def rotate(value: str) -> None:
        try:
            client.put_secret_value(SecretId=NAME, SecretString=value)
        except client.exceptions.ResourceNotFoundException:
            client.create_secret(Name=NAME, SecretString=value)

    return rotate


def test_any_number_of_guesses_costs_one_call(rotate: Callable[[str], None], calls: list[str], clock: Clock) -> None:
    rotate("old")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(secrets.read, [NAME] * 50)) == {"old"}
    assert len(calls) == 1

    rotate("new")
    clock.now += secrets.MAX_AGE - 1
    assert secrets.read(NAME) == "old"
    clock.now += 1
    assert [secrets.read(NAME) for _ in range(20)] == ["new"] * 20
    assert len(calls) == 2
    assert secrets.MAX_AGE < 30


def test_a_secret_is_read_again_for_those_who_want_it_fresh(
    rotate: Callable[[str], None], calls: list[str], clock: Clock
) -> None:
    rotate("old")
    assert secrets.read(NAME) == "old"
    rotate("new")
    clock.now += secrets.PAUSE - 1
    assert secrets.read(NAME, secrets.PAUSE) == "old"
    clock.now += 1
    assert [secrets.read(NAME, age) for age in (secrets.MAX_AGE, secrets.PAUSE, secrets.MAX_AGE)] == [
        "old",
        "new",
        "new",
    ]
    assert len(calls) == 2


def test_a_secret_that_is_not_to_be_had_is_not_asked_for_at_each_guess(
    rotate: Callable[[str], None], calls: list[str], clock: Clock
) -> None:
    for _ in range(20):
        with pytest.raises(StoreUnavailableError, match="Secret no/such"):
            secrets.read("no/such")
    assert len(calls) == 1

    clock.now += secrets.PAUSE
    with pytest.raises(StoreUnavailableError):
        secrets.read("no/such")
    assert len(calls) == 2
