"""The demo over HTTP: a report at once, only where the stack allows it, and requests named as simulated."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops.stores.prediction_stream import RedisPredictionStream

Http = Callable[..., tuple[int, Any]]
KEY = "correct horse"
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}


@pytest.fixture
def told(environment: None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What EventBridge was told."""
    entries: list[Any] = []

    class Events:
        def put_events(self, Entries: Any) -> Any:  # noqa: N803 - as boto3 has it
            entries.extend(Entries)
            return {"FailedEntryCount": 0}

    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    monkeypatch.setattr("mlops.stores.messages.boto3.client", lambda *_, **__: Events())
    return entries


def test_a_report_is_asked_for(http: Http, told: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "ENABLED")
    assert http("POST", "/drift", headers={"X-Api-Key": KEY}) == (202, {"status": "requested"})
    assert told == [{"Source": "mlops.demo", "DetailType": "Report Requested", "Detail": json.dumps({})}]
    assert http("GET", "/schema")[1]["demo"] is True


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"X-Api-Key": "wrong"}, 403), ({"X-Api-Key": KEY}, 404)])
def test_nobody_asks_without_the_key_or_where_it_is_not_allowed(
    http: Http, told: list[Any], headers: dict[str, str], status: int
) -> None:
    assert http("POST", "/drift", headers=headers)[0] == status
    assert http("GET", "/schema")[1]["demo"] is False
    assert told == []


def test_a_simulated_request_is_named_so(http: Http, champion: str, stream: RedisPredictionStream) -> None:
    http("POST", "/predict", ROW)
    http("POST", "/predict", ROW, headers={"X-Simulated": "true"})
    names = [each["correlation_id"].startswith("simulated-") for each in stream.recent(2)]
    assert sorted(names) == [False, True]
