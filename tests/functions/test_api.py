"""The calls around predictions: feedback, models, promotion, drift, description, limits."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
import redis

from fakes.object_store import MemoryObjectStore
from mlops.model.portable import Model, dump
from mlops.model.training_set import TrainingSet
from mlops.registry.versions import CARD, MODEL, REFERENCE, Registry
from mlops.statistics import reference
from mlops.stores.prediction_stream import RedisPredictionStream
from mlops.stores.telemetry import RedisTelemetry
from mlops.telemetry import metrics
from titanic import USE_CASE

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]

ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}
KEY = "correct horse"


@pytest.fixture(autouse=True)
def admin_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda name, _: {"titanic/key": KEY}[name])


@pytest.fixture
def rival(objects: MemoryObjectStore, champion: str, model: Model) -> str:
    """A second version, which does not serve."""
    registry = Registry(objects, "titanic-models", USE_CASE)
    return registry.publish(
        {MODEL: dump(model, USE_CASE), CARD: b'{"metrics": {"accuracy": 0.9}, "dataset_version": "d"}'}
    )


def outcome(postgres_url: str, prediction_id: str) -> Any:
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT outcome FROM prediction_history WHERE prediction_id = %s", (prediction_id,))
        (found,) = cursor.fetchall()
    connection.close()
    return found[0]


def test_feedback_finds_a_prediction_before_and_after_it_is_drained(
    http: Http, invoke: Invoke, champion: str, database_schema: None, postgres_url: str, redis_url: str
) -> None:
    _, early = http("POST", "/predict", ROW)
    _, late = http("POST", "/predict", ROW)
    told = {"prediction_id": early["prediction_id"], "survived": 1}
    assert http("POST", "/feedback", told) == (202, told)

    assert invoke("monitoring", {"task": "drain"}) == {"kept": 2, "forgotten": 0}
    assert outcome(postgres_url, early["prediction_id"]) == 1
    with redis.Redis.from_url(redis_url) as client:
        client.delete("predictions")
    for survived in (1, 1, 0):
        assert http("POST", "/feedback", {"prediction_id": late["prediction_id"], "survived": survived})[0] == 202
    assert invoke("monitoring", {"task": "drain"}) == {"kept": 0, "forgotten": 0}
    assert outcome(postgres_url, late["prediction_id"]) == 0


def test_a_what_if_request_is_answered_alike_and_neither_logged_nor_counted_as_a_prediction(
    http: Http, champion: str, database_schema: None, stream: RedisPredictionStream, telemetry: RedisTelemetry
) -> None:
    _, asked = http("POST", "/predict", ROW, {"what_if": "true"})
    assert stream.recent(1) == []
    assert telemetry.totals(), "the request counts"
    assert not [name for name in telemetry.totals() if name.startswith(metrics.SCORE)]
    assert http("POST", "/feedback", {"prediction_id": asked["prediction_id"], "survived": 1})[0] == 404

    _, earnest = http("POST", "/predict", ROW)
    assert {**asked, "prediction_id": ""} == {**earnest, "prediction_id": ""}
    assert len(stream.recent(10)) == 1
    assert [name for name in telemetry.totals() if name.startswith(metrics.SCORE)]


def test_whoever_asks_is_told_what_the_model_knows_of_a_rows_group(http: Http, champion: str) -> None:
    """Of the Allisons' party it knows Mrs Allison, who was lost, her son and his nurse, who were not."""
    girl = {"Pclass": 1, "Name": "Allison, Miss. Helen Loraine", "Sex": "female", "Age": 2, "SibSp": 1, "Parch": 2}
    girl |= {"Ticket": "113781", "Cabin": "C22 C26", "Embarked": "S"}
    assert http("POST", "/predict", girl, {"group": "true"})[1]["group"] == {"known": 3, "positive": 2}
    stranger = {**girl, "Name": "Nobody, Miss. New", "Ticket": "0"}
    assert http("POST", "/predict", stranger, {"group": "true"})[1]["group"] == {"known": 0, "positive": 0}
    assert "group" not in http("POST", "/predict", girl)[1]


@pytest.mark.parametrize("unknown", ["", "nonsense", "0" * 32, "019aa0c7b1e17abc8def0123456789ab", "\u0000" * 3])
def test_feedback_on_no_prediction_is_404(
    http: Http, invoke: Invoke, champion: str, database_schema: None, unknown: str
) -> None:
    status, problem = http("POST", "/feedback", {"prediction_id": unknown, "survived": 1})
    assert (status, problem["title"]) == (404, "Not Found")


@pytest.mark.parametrize("body", [{}, {"prediction_id": "a"}, {"prediction_id": 1, "survived": 1}, {"survived": True}])
def test_feedback_that_says_nothing_is_422(http: Http, champion: str, body: dict[str, Any]) -> None:
    assert http("POST", "/feedback", body)[0] == 422


def test_feedback_waits_for_no_store(http: Http, champion: str, loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, one = http("POST", "/predict", ROW)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    loaded.cache_clear()
    assert http("POST", "/feedback", {"prediction_id": one["prediction_id"], "survived": 1})[0] == 503


def test_models_are_listed_newest_first(http: Http, champion: str, rival: str, objects: MemoryObjectStore) -> None:
    objects.put("titanic-models", "models/0123456789abcdef/digests.json", b"{}", "")  # damaged
    status, answer = http("GET", "/models")

    assert (status, answer["champion"]) == (200, champion)
    assert [each["model_version"] for each in answer["models"]] == [rival, champion, "0123456789abcdef"]
    assert answer["models"][0]["metrics"] == {"accuracy": 0.9}
    assert answer["models"][0]["published_at"] > answer["models"][1]["published_at"]
    assert "digests" in answer["models"][2]["trouble"]


def test_a_promotion_and_the_way_back(http: Http, champion: str, rival: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.serving.champion_cache.REFRESH_SECONDS", 0)
    for version, previous in ((rival, champion), (champion, rival), (champion, champion)):
        answer = http("POST", f"/models/{version}/promote", headers={"X-Api-Key": KEY})
        assert answer == (200, {"model_version": version, "previous": previous})
        assert http("POST", "/predict", ROW)[1]["model_version"] == version


def test_promotions_by_hand_are_in_the_audit(
    http: Http, champion: str, rival: str, database_schema: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    http("POST", f"/models/{rival}/promote", headers={"X-Api-Key": KEY})

    decisions = {each["model_version"]: each["decisions"] for each in http("GET", "/models")[1]["models"]}
    assert [(each["decision"], each["champion"], each["previous"]) for each in decisions[rival]] == [
        ("set_by_hand", rival, champion)
    ]
    assert [each["decision"] for each in decisions[champion]] == ["promoted"], "caught up from the pointer"
    assert http("GET", "/model")[1]["decisions"] == decisions[rival]


def test_a_rollback_and_the_list_of_models_do_without_postgresql(
    http: Http, champion: str, rival: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert http("POST", f"/models/{rival}/promote", headers={"X-Api-Key": KEY})[0] == 200
    status, listed = http("GET", "/models")
    assert (status, listed["champion"]) == (200, rival)
    assert [each["decisions"] for each in listed["models"]] == [None, None]
    assert http("GET", "/model")[1]["decisions"] is None


def test_only_the_admin_promotes(http: Http, champion: str, rival: str) -> None:
    assert http("POST", f"/models/{rival}/promote")[0] == 401
    for wrong in ("wrong", KEY.upper(), KEY + " ", "é"):
        assert http("POST", f"/models/{rival}/promote", headers={"X-Api-Key": wrong})[0] == 403
    assert http("GET", "/health")[1]["model_version"] == champion


@pytest.mark.parametrize("version", ["0" * 16, "none", "..", "%2e%2e%2fchampion.json", "A" * 16, "0" * 17])
def test_only_what_is_there_is_promoted(http: Http, champion: str, version: str) -> None:
    assert http("POST", f"/models/{version}/promote", headers={"X-Api-Key": KEY})[0] == 404


def test_what_cannot_be_served_is_not_promoted(http: Http, champion: str, objects: MemoryObjectStore) -> None:
    broken = Registry(objects, "titanic-models", USE_CASE).publish({MODEL: b"no model"})
    status, problem = http("POST", f"/models/{broken}/promote", headers={"X-Api-Key": KEY})
    assert (status, problem["title"]) == (409, "Conflict")
    assert http("GET", "/health")[1]["model_version"] == champion


def test_the_latest_drift_report(http: Http, objects: MemoryObjectStore) -> None:
    assert http("GET", "/drift") == (200, {"status": "none"})
    objects.put("titanic-models", "drift/latest.json", b'{"status": "ok"}', "application/json")
    assert http("GET", "/drift") == (200, {"status": "ok"})


def test_what_serving_did_over_time(http: Http, invoke: Invoke, champion: str) -> None:
    http("POST", "/predict", ROW)
    assert invoke("monitoring", {"task": "watch"}) == {}  # nothing of AWS answers, but Redis does
    http("POST", "/predict/batch", {"passengers": [ROW] * 3})
    http("POST", "/predict", {})

    status, found = http("GET", "/activity", query={"hours": "1"})

    assert status == 200
    (point,) = found["points"]
    assert (point["requests"], point["rejected"], point["errors"], point["predictions"]) == (2, 1, 0, 3)
    assert point["p50_ms"] > 0
    assert found["scores"]["predictions"] == sum(found["scores"]["counts"]) == 3
    assert http("GET", "/activity", query={"hours": "1000"})[0] == 422


def test_what_was_decided_about_training_again(
    http: Http,
    invoke: Invoke,
    champion: str,
    objects: MemoryObjectStore,
    database_schema: None,
    training_rows: TrainingSet,
) -> None:
    assert http("GET", "/retraining") == (200, {"decisions": []})
    watched = reference.reference(USE_CASE, training_rows.features, [0.5] * len(training_rows))
    card = b'{"dataset_version": "feed", "metrics": {"accuracy": 0.8, "accuracy_interval": [0.7, 0.9]}}'
    registry = Registry(objects, "titanic-models", USE_CASE)
    version = registry.publish({REFERENCE: json.dumps(watched).encode(), CARD: card})
    registry.set_champion(version, "test", registry.reader.champion())

    invoke("monitoring", {})

    ((decision,),) = (http("GET", "/retraining")[1]["decisions"],)
    assert {name: decision[name] for name in ("decision", "trigger", "dry_run", "dataset_version", "execution")} == {
        **{"decision": "held", "trigger": None, "dry_run": False},
        **{"dataset_version": None, "execution": None},
    }
    assert decision["evidence"]["model_version"] == version
    assert decision["evidence"]["base"] == "feed"


def test_with_postgresql_away_serving_is_watched_all_the_same(
    http: Http, invoke: Invoke, champion: str, telemetry: RedisTelemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")

    answer = invoke("monitoring", {"task": "minute"})

    assert answer["watch"] == {}
    assert "PostgreSQL" in answer["drain"]["postponed"]
    assert len(telemetry.readings(datetime.now(UTC) - timedelta(minutes=1))) == 1
    assert http("GET", "/retraining")[0] == 503


def test_without_redis_there_is_no_activity_to_tell_of(
    http: Http, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    assert http("GET", "/activity")[0] == 503


def test_the_api_describes_itself(http: Http, champion: str) -> None:
    status, described = http("GET", "/openapi.json")
    assert status == 200
    assert set(described["paths"]) == {
        *("/predict", "/predict/batch", "/feedback", "/model", "/models", "/models/{version}/promote"),
        *("/schema", "/drift", "/activity", "/retraining", "/metrics", "/health", "/entities/{row_id}"),
        *("/batches", "/batches/{batch_id}", "/runs", "/runs/{run}", "/runs/{run}/rejections", "/uploads/{name}"),
    }
    assert described["servers"] == [{"url": "."}]
    predict = described["paths"]["/predict"]["post"]["responses"]
    assert {"200", "400", "404", "413", "415", "422", "503"} == set(predict)
    assert set(predict["422"]["content"]) == {"application/problem+json"}


def test_docs_load_nothing_from_a_foreign_host(http: Http, champion: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert http("GET", "/docs")[0] == 404
    monkeypatch.setenv("SITE_URLS", "http://site.example/titanic/,http://other.example")
    status, page = http("GET", "/docs")
    assert status == 200
    assert "http://site.example/titanic/swagger/swagger-ui-bundle.js" in page
    assert page.count("http") == page.count("http://site.example/titanic/swagger/")
    assert "url: 'openapi.json'" in page


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/csv; charset=utf-8", ""])
def test_a_body_of_another_type_is_refused(http: Http, champion: str, kind: str) -> None:
    status, problem = http("POST", "/predict", json.dumps(ROW), headers={"Content-Type": kind})
    assert (status, problem["detail"]) == (415, "Send the body as application/json")


def test_json_may_say_its_charset(http: Http, champion: str) -> None:
    assert http("POST", "/predict", ROW, headers={"Content-Type": "application/json; charset=utf-8"})[0] == 200


@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/feedback"])
def test_a_body_is_four_megabytes_at_most(http: Http, champion: str, path: str) -> None:
    assert http("POST", path, " " * 4 * 2**20 + "1")[0] == 413
    assert http("POST", path, " " * (4 * 2**20 - 1) + "1")[0] == 422


def test_the_request_has_one_name_everywhere(
    http: Http, invoke: Invoke, sample: Sample, champion: str, stream: RedisPredictionStream
) -> None:
    http("POST", "/predict", ROW)
    invoke("inference", ROW)
    direct, gateway = (each["correlation_id"] for each in stream.recent(2))
    assert gateway == sample("inference", "http")["requestContext"]["requestId"]
    assert direct == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def test_only_pages_of_the_site_may_call(
    invoke: Invoke, sample: Sample, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URLS", "http://site.example/titanic,http://other.example:8000")

    def allowed(origin: str, method: str) -> str | None:
        event = {**sample("inference", "http"), "httpMethod": method}
        event["multiValueHeaders"] = {**event["multiValueHeaders"], "Origin": [origin]}
        if method == "OPTIONS":
            event["multiValueHeaders"]["Access-Control-Request-Method"] = ["POST"]
            event["multiValueHeaders"]["Access-Control-Request-Headers"] = ["content-type, x-api-key"]
        found: str | None = invoke("inference", event)["headers"].get("access-control-allow-origin")
        return found

    for method in ("POST", "OPTIONS"):
        assert allowed("http://site.example", method) == "http://site.example"
        assert allowed("http://other.example:8000", method) == "http://other.example:8000"
        assert allowed("http://evil.example", method) is None
        assert allowed("http://site.example:81", method) is None


def test_the_hourly_run_tells_what_expired(
    invoke: Invoke, champion: str, database_schema: None, objects: MemoryObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELS_KEPT", "1")
    registry = Registry(objects, "titanic-models", USE_CASE)
    old, new = (registry.publish({CARD: json.dumps({"dataset_version": name}).encode()}) for name in "ab")

    expired = invoke("monitoring", {"task": "expire"})
    assert expired == {"reports": 0, "models": 1, "datasets": 0, "totals": 0, "batch_files": 0, "training_files": 0}
    assert [name for name, _ in registry.reader.versions()] == [new, champion]
    assert not list(objects.keys("titanic-models", f"models/{old}/"))


@pytest.fixture
def versions(objects: MemoryObjectStore, champion: str) -> list[str]:
    """Twenty-five versions and the champion, newest first; one was broken off while it was published."""
    registry = Registry(objects, "titanic-models", USE_CASE)
    made = [registry.publish({CARD: json.dumps({"metrics": {"accuracy": at}}).encode()}) for at in range(25)]
    objects.put("titanic-models", "models/0123456789abcdef/digests.json", b"{}", "")
    return [*reversed(made), champion, "0123456789abcdef"]


def pages(http: Http, limit: int) -> Iterator[list[str]]:
    query = {"limit": str(limit)}
    while True:
        status, answer = http("GET", "/models", query=query)
        assert status == 200
        yield [each["model_version"] for each in answer["models"]]
        if answer["next"] is None:
            return
        query["before"] = answer["next"]


@pytest.mark.parametrize("limit", [1, 9, 13, 26, 27, 100])
def test_the_pages_hold_each_version_once(http: Http, versions: list[str], limit: int) -> None:
    found = list(pages(http, limit))

    assert [version for page in found for version in page] == versions
    assert all(len(page) == limit for page in found[:-1])


def test_a_page_reads_no_more_than_it_shows(
    http: Http, versions: list[str], objects: MemoryObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    original = objects.get
    monkeypatch.setattr(objects, "get", lambda bucket, key: (read.append(key), original(bucket, key))[1])
    _, answer = http("GET", "/models", query={"limit": "3"})

    assert {key.split("/")[1] for key in read if key.startswith("models/")} == set(versions[:3])
    assert [each["metrics"]["accuracy"] for each in answer["models"]] == [24, 23, 22]
    read.clear()
    http("GET", "/models", query={"limit": "3"})
    assert [key for key in read if key.startswith("models/")] == [], "what never changes is read once"


def test_a_page_that_cannot_be_is_refused(http: Http, versions: list[str]) -> None:
    for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"before": "x" * 101}):
        assert http("GET", "/models", query=query)[0] == 422
    assert http("GET", "/models", query={"before": "0" * 16})[0] == 404
    assert http("GET", "/models", query={"before": versions[-1]})[1]["models"] == []
