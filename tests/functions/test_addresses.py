"""No answer tells where a store is, or with which password: every route, with each store away in turn."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.errors import PromotionConflictError
from mlops.registry.versions import Registry
from mlops.stores.s3_reader import S3Reader
from mlops.use_case import UseCase

Invoke = Callable[[str, Any], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
KEY = "the admin key of the tests"
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}
# Nothing answers there. The real S3 reader is kept from before the tests' own takes its place.
AWAY = {
    "postgres": {"DATABASE_URL": "postgresql://somebody:s3cret@127.0.0.9:9/none"},
    "redis": {"REDIS_URL": "redis://:s3cret@127.0.0.9:9/0"},
    "s3": {"AWS_ENDPOINT_URL_S3": "http://127.0.0.9:9"},
    "secrets": {"AWS_ENDPOINT_URL": "http://127.0.0.9:9"},
    "all": {
        "DATABASE_URL": "postgresql://somebody:s3cret@127.0.0.9:9/none",
        "REDIS_URL": "redis://:s3cret@127.0.0.9:9/0",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.9:9",
        "AWS_ENDPOINT_URL": "http://127.0.0.9:9",
    },
}
INTERNAL = re.compile(
    r"127\.0\.0|localhost|:9\b|port 9|s3cret|somebody|s3:|redis:|postgres(ql)?:|Traceback|File \"", re.I
)
CALLS: list[tuple[str, str, Any, dict[str, str]]] = [
    ("POST", "/predict", ROW, {}),
    ("POST", "/predict", None, {"id": "7"}),
    ("POST", "/predict/batch", {"rows": [ROW]}, {"explain": "true"}),
    ("POST", "/predict/batch", {"rows": []}, {}),
    ("POST", "/feedback", {"prediction_id": "0" * 32, "survived": 1}, {}),
    ("POST", "/feedback", {"prediction_id": "7", "survived": 1}, {}),
    ("POST", f"/models/{'0' * 16}/promote", None, {}),
    ("POST", "/nowhere", None, {}),
    *(
        ("GET", path, None, {})
        for path in ("/health", "/schema", "/model", "/models", "/drift", "/metrics", "/activity")
    ),
    *(("GET", path, None, {}) for path in ("/retraining", "/entities/7", "/openapi.json", "/docs")),
]


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_no_answer_tells_where_a_store_is(
    http: Http, champion: str, loaded: Any, monkeypatch: pytest.MonkeyPatch, away: str, warm: bool
) -> None:
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    if away not in ("secrets", "all"):
        monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    if warm:
        assert http("POST", "/predict", ROW)[0] == 200
    for name, value in AWAY[away].items():
        monkeypatch.setenv(name, value)
    if "AWS_ENDPOINT_URL_S3" in AWAY[away]:
        monkeypatch.setattr("mlops.stores.s3_reader.S3Reader", S3Reader)
    if not warm:
        loaded.cache_clear()

    statuses = set()
    for method, path, body, query in CALLS:
        status, answer = http(method, path, body, query, {"X-Api-Key": KEY})
        statuses.add(status)
        assert not INTERNAL.search(json.dumps(answer)), (method, path, status, answer)
    assert statuses & {500, 503} <= {503}
    assert {401, 404, 422} & statuses


def test_a_lost_promotion_race_names_no_object(
    http: Http, champion: str, objects: MemoryObjectStore, case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    registry = Registry(objects, "titanic-models", case)
    model = registry.reader.artifact(champion, "model.safetensors")
    rival = registry.publish({"model.safetensors": model, "card.json": b"{}"})

    def lost(*_: Any) -> None:
        raise PromotionConflictError("s3://titanic-models/champion.json was written by another first: read it again")

    monkeypatch.setattr(objects, "replace", lost)
    status, problem = http("POST", f"/models/{rival}/promote", headers={"X-Api-Key": KEY})

    assert status == 409
    assert not INTERNAL.search(json.dumps(problem))


def test_what_monitoring_postpones_names_the_store_and_no_address(
    invoke: Invoke, champion: str, database_schema: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", AWAY["postgres"]["DATABASE_URL"])
    answer = invoke("monitoring", {"task": "drain"})

    assert answer == {"postponed": "PostgreSQL is away"}
