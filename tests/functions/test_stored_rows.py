"""What the online store holds, by id: shown to the admin, and predicted from."""

from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.features.stores import FeatureRow
from mlops.stores.prediction_stream import RedisPredictionStream

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
KEY = "correct horse"


@pytest.fixture(autouse=True)
def admin_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda name, _: {"titanic/key": KEY}[name])


@pytest.fixture
def stored(invoke: Invoke, sample: Sample, champion: str, objects: MemoryObjectStore, passenger_list: bytes) -> str:
    """The passenger list in the online store; its dataset version."""
    objects.put("titanic-data", "raw/titanic.csv", passenger_list, "text/csv")
    invoke("ingestion", sample("ingestion", "file"))
    version: str = invoke("features", sample("features", "dataset"))["online_version"]
    return version


def test_the_admin_sees_what_is_stored(http: Http, stored: str, feature_rows: list[FeatureRow]) -> None:
    status, found = http("GET", "/entities/7", headers={"X-Api-Key": KEY})

    assert (status, found.pop("event_time") > 1_700_000_000) == (200, True)
    assert found == {"id": "7", "dataset_version": stored, "features": feature_rows[6].features}


def test_nobody_else_does(http: Http, stored: str) -> None:
    assert http("GET", "/entities/7")[0] == 401
    assert http("GET", "/entities/7", headers={"X-Api-Key": "wrong"})[0] == 403
    assert http("GET", "/entities/none", headers={"X-Api-Key": "wrong"})[0] == 403, "it does not tell who is there"


@pytest.mark.parametrize("unknown", ["892", "0", "none", "version", "id:7", "%00"])
def test_nobody_is_stored_by_another_id(http: Http, stored: str, unknown: str) -> None:
    status, problem = http("GET", f"/entities/{unknown}", headers={"X-Api-Key": KEY})
    assert (status, problem["title"]) == (404, "Not Found")
    assert http("POST", "/predict", None, {"id": unknown})[0] == 404


def test_before_any_features_nobody_is_stored(http: Http, champion: str) -> None:
    assert http("GET", "/entities/7", headers={"X-Api-Key": KEY})[0] == 404
    assert http("POST", "/predict", None, {"id": "7"})[0] == 404


@pytest.mark.parametrize("body", [None, ""])
def test_an_id_is_predicted_as_its_row_is(
    http: Http, stored: str, objects: MemoryObjectStore, stream: RedisPredictionStream, body: str | None
) -> None:
    header, *rows = objects.get("titanic-data", "raw/titanic.csv")[0].decode().splitlines()
    row = {**dict(zip(header.split(","), rows[6].replace('"McCarthy, Mr.', "McCarthy; Mr.").split(","), strict=True))}
    row["Name"] = "McCarthy, Mr. Timothy J"

    status, by_id = http("POST", "/predict", body, {"id": "7"})
    _, by_row = http("POST", "/predict", row)

    assert status == 200
    assert {**by_id, "prediction_id": ""} == {**by_row, "prediction_id": ""}
    logged_row, logged_id = stream.recent(2)
    assert (logged_id["row_id"], logged_id["inputs"]) == ("7", None)
    assert (logged_row["row_id"], logged_row["inputs"]["Name"]) == ("7", "McCarthy, Mr. Timothy J")


def test_a_prediction_of_a_stored_row_takes_feedback(http: Http, invoke: Invoke, stored: str) -> None:
    _, predicted = http("POST", "/predict", None, {"id": "7"})
    told = {"prediction_id": predicted["prediction_id"], "survived": 0}

    assert http("POST", "/feedback", told) == (202, told)
    assert invoke("monitoring", {"task": "drain"}) == {"kept": 1, "forgotten": 0}


def test_a_what_if_of_a_stored_row_is_not_logged(http: Http, stored: str, stream: RedisPredictionStream) -> None:
    assert http("POST", "/predict", None, {"id": "7", "what_if": "true"})[0] == 200
    assert stream.recent(1) == []


def test_neither_a_row_nor_an_id_is_refused(http: Http, stored: str) -> None:
    for body in (None, "", "null"):
        status, problem = http("POST", "/predict", body)
        assert status == 422
        assert [each["field"] for each in problem["errors"]] == ["body"]
    assert http("POST", "/predict", None, headers={"Content-Type": "text/csv"})[0] == 415
    assert http("POST", "/predict", None, {"id": "7" * 201})[0] == 422


def test_with_redis_away_nothing_stored_is_to_be_had(
    http: Http, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")

    assert http("POST", "/predict", None, {"id": "7"})[0] == 503
    assert http("GET", "/entities/7", headers={"X-Api-Key": KEY})[0] == 503
