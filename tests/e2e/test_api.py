"""The API on a running cloud: every door, every store away in turn, promotions, pages."""

import csv
import json
import pickle
import re
import socket
import urllib.error
import urllib.request
from typing import Any

import psycopg2
import pytest

from clouds import CHECKOUT, Cloud, call, copied, kill, serving, until
from mlops.model.portable import load
from mlops.model.training_set import TrainingSet
from titanic import USE_CASE

LIST = CHECKOUT / "data" / "titanic.csv"
SOME = 3  # every third passenger is asked about at the doors that answer slowly; 891 is a multiple


def rows() -> list[dict[str, str]]:
    with LIST.open(newline="") as file:
        return list(csv.DictReader(file))


def request(
    url: str, body: Any = None, headers: dict[str, str] | None = None, method: str | None = None
) -> tuple[int, dict[str, str], Any]:
    """Status, headers in lower case, and body of any answer."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        answer = urllib.request.urlopen(asked, timeout=120)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        found = answer.read().decode()
        named = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, named, json.loads(found) if "json" in named["content-type"] else found


def invoke(cloud: Cloud, function: str, event: Any) -> Any:
    name = cloud.outputs()["functions"][f"{function}Function"]
    invoked = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    answer = json.load(invoked["Payload"])
    assert "FunctionError" not in invoked, answer
    return answer


def stored(cloud: Cloud, prediction_id: str) -> dict[str, Any] | None:
    with psycopg2.connect(cloud.outputs()["database_url"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_json(p) FROM prediction_history p WHERE prediction_id = %s", (prediction_id,))
        found = cursor.fetchone()
    connection.close()
    return found[0] if found else None


@pytest.fixture
def expected(cloud: Cloud, training_rows: TrainingSet) -> list[float]:
    """scikit-learn's own probabilities of the whole list, by the champion's `model.pkl`."""
    s3, models = cloud.client("s3"), cloud.outputs()["models_bucket"]

    def artifact(name: str) -> bytes:
        body: bytes = s3.get_object(Bucket=models, Key=f"models/{cloud.champion()}/{name}")["Body"].read()
        return body

    matrix = load(artifact("model.safetensors"), USE_CASE).encoder.transform(training_rows.features)
    found: list[float] = pickle.loads(artifact("model.pkl")).predict_proba(matrix)[:, 1].tolist()
    return found


def test_every_door_says_what_scikit_learn_says_of_every_passenger(cloud: Cloud, expected: list[float]) -> None:
    """To the last bit, which is more than the 1e-6 that is asked for."""
    api, passengers = cloud.outputs()["api_url"], rows()
    function, client = cloud.outputs()["functions"]["InferenceFunction"], cloud.client("lambda")

    def event(row: dict[str, str]) -> Any:
        return json.load(client.invoke(FunctionName=function, Payload=json.dumps(row))["Payload"])

    with serving(cloud) as (uvicorn, _):
        one_by_one = {
            "event": [event(row) for row in passengers[::SOME]],
            "API Gateway": [call(f"{api}/predict", row) for row in passengers[::SOME]],
            "uvicorn": [call(f"{uvicorn}/predict", row) for row in passengers],
        }
    batches = {
        "batch": call(f"{api}/predict/batch", {"passengers": passengers}),
        "explained batch": call(f"{api}/predict/batch?explain=true", {"passengers": passengers}),
        "event of many": invoke(cloud, "Inference", {"passengers": passengers}),
    }
    for door, answers in {**one_by_one, **{name: each["predictions"] for name, each in batches.items()}}.items():
        assert [each["probability"] for each in answers] == expected[:: len(expected) // len(answers)], door
    for answers in one_by_one.values():
        explained = batches["explained batch"]["predictions"][:: len(expected) // len(answers)]
        for answer, other in zip(answers, explained, strict=True):
            same = {name: value for name, value in answer.items() if name not in ("prediction_id", "model_version")}
            assert same == {name: value for name, value in other.items() if name != "prediction_id"}


def test_a_request_has_one_name_from_the_answer_to_the_history(cloud: Cloud, passenger: dict[str, Any]) -> None:
    _, headers, answer = request(cloud.outputs()["api_url"] + "/predict", passenger)
    invoke(cloud, "Monitoring", {"task": "drain"})
    found = stored(cloud, answer["prediction_id"])
    assert found is not None
    assert found["correlation_id"] == headers["x-request-id"]
    assert found["inputs"] == passenger
    assert found["probability"] == answer["probability"]


def test_nothing_is_lost_while_postgres_is_away(cloud: Cloud, passenger: dict[str, Any]) -> None:
    invoke(cloud, "Monitoring", {"task": "drain"})
    kill(cloud, "postgres")
    answers = [cloud.call("/predict", passenger) for _ in range(3)]
    assert not any("degraded" in each for each in answers)
    told = {"prediction_id": answers[0]["prediction_id"], "survived": 1}
    assert cloud.call("/feedback", told) == told
    assert invoke(cloud, "Monitoring", {"task": "drain"})["postponed"]

    cloud.up()
    assert invoke(cloud, "Monitoring", {"task": "drain"})["kept"] == 3
    found = [stored(cloud, each["prediction_id"]) for each in answers]
    assert [each and each["outcome"] for each in found] == [1, None, None]


def test_what_redis_could_not_take_is_replayed_from_the_log(cloud: Cloud, passenger: dict[str, Any]) -> None:
    kill(cloud, "valkey")
    answer = cloud.call("/predict", passenger)
    assert answer["degraded"] is True
    told = {"prediction_id": answer["prediction_id"], "survived": 1}
    assert request(cloud.outputs()["api_url"] + "/feedback", told)[0] == 503

    cloud.up()
    assert stored(cloud, answer["prediction_id"]) is None
    done = cloud.run("invoke", "MonitoringFunction", '{"task": "replay", "hours": 1}')
    assert json.loads(done.stdout)["kept"] >= 1
    assert stored(cloud, answer["prediction_id"]) is not None
    until(lambda: request(cloud.outputs()["api_url"] + "/feedback", told)[0] == 202)


def test_a_body_over_the_limit_of_lambda_is_a_problem_of_the_gateway(cloud: Cloud) -> None:
    """As the template says; the app refuses what is over its own limit in the same words."""
    url = f"{cloud.outputs()['api_url']}/predict/batch"
    answers = [request(url, {"rows": ["x" * megabytes * 2**20]}) for megabytes in (6, 5)]

    for status, headers, problem in answers:
        assert (status, headers["content-type"]) == (413, "application/problem+json")
        assert problem["detail"] == "The body has more than 4,194,304 bytes: send fewer rows at once"
        assert headers["x-request-id"]
    assert answers[0][1]["access-control-allow-origin"] == "*"


def test_a_rollback_serves_within_five_seconds(cloud: Cloud, passenger: dict[str, Any]) -> None:
    outputs, before = cloud.outputs(), cloud.champion()
    s3, models = cloud.client("s3"), outputs["models_bucket"]
    listed = call(outputs["api_url"] + "/models?limit=100")
    assert listed["champion"] == before
    assert before in {each["model_version"] for each in listed["models"]}
    servable = [each["model_version"] for each in listed["models"] if each.get("schema_hash") == USE_CASE.schema_hash]
    others = [version for version in servable if version != before]
    if not others:
        others = [copied(s3, models, before)]
    for other in (others[0], before):
        url = f"{outputs['api_url']}/models/{other}/promote"
        assert request(url, method="POST")[0] == 401
        assert request(url, headers={"X-Api-Key": "wrong"}, method="POST")[0] == 403
        status, _, answer = request(url, headers={"X-Api-Key": outputs["admin_api_key"]}, method="POST")
        assert (status, answer["model_version"]) == (200, other)
        until(lambda other=other: call(f"{outputs['api_url']}/predict", passenger)["model_version"] == other, 5)


def test_docs_find_all_they_need_on_this_machine(cloud: Cloud) -> None:
    api = cloud.outputs()["api_url"]
    status, _, page = request(f"{api}/docs")
    assert status == 200
    addresses = re.findall(r'(?:src|href)="(http[^"]+)"', page)
    assert len(addresses) == 2
    for address in addresses:
        assert address.startswith(cloud.outputs()["endpoint_url"])
        assert request(address)[0] == 200
    assert request(f"{api}/openapi.json")[2]["servers"] == [{"url": "."}]


def test_pages_of_the_site_may_call_and_no_others(cloud: Cloud, passenger: dict[str, Any]) -> None:
    outputs = cloud.outputs()
    site = f"http://{outputs['web_bucket']}.s3-website.localhost:{outputs['endpoint_url'].rpartition(':')[2]}"
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for origin, allowed in ((site, site), ("http://evil.example", None)):
        url = f"{outputs['api_url']}/predict"
        _, headers, _ = request(url, headers={"Origin": origin, **preflight}, method="OPTIONS")
        assert headers.get("access-control-allow-origin") == allowed
        _, headers, _ = request(url, passenger, {"Origin": origin})
        assert headers.get("access-control-allow-origin") == allowed


def test_a_server_that_is_full_says_when_to_come_again(cloud: Cloud, passenger: dict[str, Any]) -> None:
    with serving(cloud, limit=1) as (uvicorn, _):
        host = uvicorn.removeprefix("http://").split(":")
        body = json.dumps(passenger).encode()
        head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host[0], int(host[1]))) as slow:
            slow.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())  # and keeps its body back
            status, headers, problem = until(lambda: full(uvicorn, passenger))
            assert (status, headers["retry-after"], problem["title"]) == (429, "1", "Too Many Requests")
            slow.sendall(body)
            assert b"200 OK" in slow.recv(1000)
        assert request(f"{uvicorn}/predict", passenger)[0] == 200


def full(url: str, passenger: dict[str, Any]) -> Any:
    answer = request(f"{url}/predict", passenger)
    return answer if answer[0] == 429 else None
