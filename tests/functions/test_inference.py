"""The inference function through both of its doors, on the real Valkey, S3 in memory."""

import csv
import json
import logging
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import redis
from aws_lambda_powertools import Logger

from fakes.object_store import MemoryObjectStore
from mlops.errors import InvalidInputError, NoChampionError
from mlops.features.stores import FeatureRow
from mlops.model.portable import Model
from mlops.registry.versions import MODEL, Registry
from mlops.stores.prediction_stream import RedisPredictionStream
from titanic import USE_CASE

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
Log = Callable[[], list[dict[str, Any]]]

ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}


def test_a_passenger_is_predicted_and_explained(
    http: Http, champion: str, model: Model, feature_rows: list[FeatureRow], passenger_list: bytes
) -> None:
    row = next(csv.DictReader(passenger_list.decode().splitlines()))
    status, answer = http("POST", "/predict", row)

    assert status == 200
    assert set(answer) == {"prediction_id", "survived", "probability", "model_version", "features", "contributions"}
    assert answer["probability"] == model.probabilities([feature_rows[0].features])[0]
    assert answer["survived"] == int(answer["probability"] > 0.5)
    assert answer["model_version"] == champion
    assert answer["features"] == feature_rows[0].features
    assert sum(answer["contributions"].values()) == pytest.approx(answer["probability"], abs=1e-9)


def test_every_door_gives_the_same_answer(http: Http, invoke: Invoke, champion: str, passenger_list: bytes) -> None:
    rows = list(csv.DictReader(passenger_list.decode().splitlines()))[:20]
    _, batch = http("POST", "/predict/batch", {"passengers": rows}, {"explain": "true"})
    event = invoke("inference", {"passengers": rows})

    for row, one_of_batch, one_of_event in zip(rows, batch["predictions"], event["predictions"], strict=True):
        answers = [http("POST", "/predict", row)[1], invoke("inference", row)]
        assert len({each["prediction_id"] for each in [*answers, one_of_batch, one_of_event]}) == 4
        for each in answers:
            del each["prediction_id"], each["model_version"]
            assert each == {name: value for name, value in one_of_batch.items() if name != "prediction_id"}
        assert one_of_event["probability"] == one_of_batch["probability"]
        assert set(one_of_event) == {"prediction_id", "survived", "probability"}


@pytest.mark.parametrize("name", ["row", "rows", "http"])
def test_the_sample_events(invoke: Invoke, sample: Sample, champion: str, name: str) -> None:
    answer = invoke("inference", sample("inference", name))

    assert answer.get("statusCode", 200) == 200


def test_a_thousand_at_most(http: Http, champion: str) -> None:
    status, answer = http("POST", "/predict/batch", {"passengers": [ROW] * 1000})
    assert (status, len(answer["predictions"])) == (200, 1000)

    for count in (0, 1001):
        status, problem = http("POST", "/predict/batch", {"passengers": [ROW] * count})
        assert (status, [each["field"] for each in problem["errors"]]) == (422, ["passengers"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Pclass": 4}, "Pclass"),
        ({"Pclass": None}, "Pclass"),
        ({"Sex": "Male"}, "Sex"),
        ({"Name": ""}, "Name"),
        ({"Name": "x" * 201}, "Name"),
        ({"Age": -1}, "Age"),
        ({"Age": 121}, "Age"),
        ({"Age": "old"}, "Age"),
        ({"SibSp": 31}, "SibSp"),
        ({"SibSp": 0.5}, "SibSp"),
        ({"SibSp": ""}, "SibSp"),
        ({"Parch": True}, "Parch"),
        ({"Pclass": True}, "Pclass"),
        ({"Age": False}, "Age"),
        ({"SibSp": "9" * 5000}, "SibSp"),
        ({"Fare": 10_001}, "Fare"),
        ({"Embarked": "B"}, "Embarked"),
        ({"Cabin": ["C85"]}, "Cabin"),
        ({"age": 22}, "age"),
    ],
)
def test_a_bad_field_is_named(http: Http, invoke: Invoke, champion: str, change: dict[str, Any], field: str) -> None:
    status, problem = http("POST", "/predict", {**ROW, **change})
    assert (status, [each["field"] for each in problem["errors"]]) == (422, [field])
    assert field in problem["detail"]

    _, problem = http("POST", "/predict/batch", {"passengers": [ROW, {**ROW, **change}]})
    assert [each["field"] for each in problem["errors"]] == [f"passengers.1.{field}"]
    with pytest.raises(InvalidInputError, match=field):
        invoke("inference", {**ROW, **change})


@pytest.mark.parametrize("body", ['{"Pclass": NaN}', '{"Pclass"', "", "[]", "null", '"text"', None])
def test_a_body_that_is_no_row_is_refused(http: Http, champion: str, body: str | None) -> None:
    status, problem = http("POST", "/predict", body)

    assert status in (400, 422)
    assert problem["status"] == status


def test_numbers_that_json_does_not_have_are_refused(http: Http, champion: str) -> None:
    for number in ("NaN", "Infinity", "1e999"):
        status, _ = http("POST", "/predict", json.dumps({**ROW, "Age": 0}).replace('"Age": 0', f'"Age": {number}'))
        assert status == 422


@pytest.mark.parametrize("name", ["Ōkuma, Mr. 重信", "🛳, Master. 🧊", "no comma nor title"])
def test_any_text_but_nul_is_a_name(http: Http, champion: str, stream: RedisPredictionStream, name: str) -> None:
    assert http("POST", "/predict", {**ROW, "Name": name})[0] == 200
    assert stream.recent(1)[0]["inputs"]["Name"] == name


@pytest.mark.parametrize(
    ("character", "reason"), [(r"\ud800", "half of a surrogate pair"), (r"\u0000", "a NUL character")]
)
def test_what_postgresql_holds_in_no_text_is_refused(http: Http, champion: str, character: str, reason: str) -> None:
    body = json.dumps({**ROW, "Name": "x"}).replace('"x"', f'"Zoë{character}"')

    status, problem = http("POST", "/predict", body)
    assert (status, problem["errors"]) == (422, [{"field": "Name", "reason": f"holds {reason}"}])


def test_empty_cells_of_a_csv_are_not_recorded(http: Http, champion: str) -> None:
    empty = {"Age": "", "Ticket": " ", "Fare": "", "Cabin": "", "Embarked": ""}
    bare, filled = http("POST", "/predict", ROW)[1], http("POST", "/predict", {**ROW, **empty})[1]

    assert filled["features"] == bare["features"]
    assert filled["features"]["age"] is None


def test_the_label_in_a_row_of_the_list_changes_nothing(http: Http, champion: str) -> None:
    answers = [
        http("POST", "/predict", {**ROW, "Survived": label, "PassengerId": 1})[1] for label in (0, 1, "0", "?", None)
    ]

    assert len({each["probability"] for each in answers}) == 1


def test_errors_are_problems(http: Http, champion: str) -> None:
    assert http("GET", "/none")[0] == 404
    status, problem = http("GET", "/predict")
    assert (status, problem["title"], problem["status"]) == (405, "Method Not Allowed", 405)


def test_without_a_champion(http: Http, invoke: Invoke) -> None:
    status, problem = http("POST", "/predict", ROW)
    assert status == 503
    assert "pipeline" in problem["detail"]
    assert http("GET", "/model")[0] == 503
    assert http("GET", "/health") == (200, {"status": "ok", "model_version": None})
    with pytest.raises(NoChampionError):
        invoke("inference", ROW)


def test_health_and_model(http: Http, champion: str) -> None:
    assert http("GET", "/health") == (200, {"status": "ok", "model_version": champion})
    status, card = http("GET", "/model")
    assert (status, card) == (200, {"model_version": champion, "metrics": {"accuracy": 0.8}, "decisions": []})


def test_a_request_is_logged_and_counted_once(
    http: Http, invoke: Invoke, champion: str, stream: RedisPredictionStream
) -> None:
    _, one = http("POST", "/predict", ROW)
    _, batch = http("POST", "/predict/batch", {"passengers": [ROW, ROW]})
    invoke("inference", ROW)
    http("POST", "/predict", {})
    http("GET", "/none/of/these")
    http("GET", "/health")

    entries = stream.recent(10)
    assert len(entries) == 4
    assert entries[3]["prediction_id"] == one["prediction_id"]
    assert {each["prediction_id"] for each in batch["predictions"]} == {each["prediction_id"] for each in entries[1:3]}
    assert {name: entries[3][name] for name in ("model_version", "features", "probability", "survived")} == {
        name: one[name] for name in ("model_version", "features", "probability", "survived")
    }
    assert entries[3]["inputs"] == {**dict.fromkeys(["Age", "Ticket", "Fare", "Cabin", "Embarked"]), **ROW}
    assert entries[3]["at"].endswith("+00:00")

    _, text = http("GET", "/metrics")
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines['mlops_requests_total{method="POST",route="/predict",status="200",use_case="titanic"}'] == "1.0"
    assert lines['mlops_requests_total{method="POST",route="/predict",status="422",use_case="titanic"}'] == "1.0"
    assert lines['mlops_requests_total{method="POST",route="/predict/batch",status="200",use_case="titanic"}'] == "1.0"
    assert lines['mlops_requests_total{method="GET",route="unmatched",status="404",use_case="titanic"}'] == "1.0"
    assert lines['mlops_requests_total{method="GET",route="/health",status="200",use_case="titanic"}'] == "1.0"
    assert lines[f'mlops_predictions_total{{label="0",model_version="{champion}",use_case="titanic"}}'] == "4.0"
    assert lines['mlops_request_seconds_count{route="/predict",use_case="titanic"}'] == "2.0"
    assert lines['mlops_totals_up{use_case="titanic"}'] == "1.0"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The lines of the function's log so far; each must be JSON."""
    stream = StringIO()
    Logger(service="inference")
    for handler in logging.getLogger("inference").handlers:
        monkeypatch.setattr(handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_with_redis_away_the_answer_comes_and_the_prediction_is_in_the_log(
    http: Http, invoke: Invoke, champion: str, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")

    status, answer = http("POST", "/predict", ROW)
    assert (status, answer["degraded"]) == (200, True)
    (logged,) = (each["prediction"] for each in log() if "prediction" in each)
    assert logged["prediction_id"] == answer["prediction_id"]
    assert logged["features"] == answer["features"]

    assert invoke("inference", ROW)["degraded"] is True
    assert http("GET", "/health")[0] == 200
    status, text = http("GET", "/metrics")
    assert status == 200
    assert 'mlops_totals_up{use_case="titanic"} 0.0' in text
    assert "mlops_requests_total" not in text


def test_an_error_no_one_expected_is_a_problem_without_details(
    http: Http, champion: str, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    def explode(self: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("mlops.serving.champion_cache.ChampionCache.champion", explode)
    status, problem = http("POST", "/predict", ROW)

    assert status == 500
    assert "secret" not in json.dumps(problem)
    (record,) = log()
    assert "ZeroDivisionError: secret" in record["exception"]
    assert record["correlation_id"]


def test_the_log_knows_the_request(http: Http, sample: Sample, log: Log) -> None:
    http("POST", "/predict", ROW)

    (record,) = log()
    assert record["correlation_id"] == sample("inference", "http")["requestContext"]["requestId"]
    assert record["service"] == "inference"


def test_a_champion_that_is_damaged_does_not_take_over_and_the_log_says_so(
    http: Http, champion: str, objects: MemoryObjectStore, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setattr("mlops.serving.champion_cache.REFRESH_SECONDS", 0)
    http("GET", "/health")
    registry = Registry(objects, "titanic-models", USE_CASE)
    registry.set_champion(registry.publish({MODEL: b"damaged"}), "by hand", registry.reader.champion())

    status, answer = http("POST", "/predict", ROW)
    assert (status, answer["model_version"], answer["degraded"]) == (200, champion, True)
    (record,) = log()
    assert champion in record["message"]
    assert record["level"] == "WARNING"


def test_a_stream_that_is_full_forgets_the_oldest(
    http: Http, champion: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops.stores.prediction_log.KEPT", 100)
    for _ in range(5):
        http("POST", "/predict/batch", {"passengers": [ROW] * 100})

    with redis.Redis.from_url(redis_url) as client:
        assert 100 <= client.xlen("predictions") <= 300
