"""Bodies and answers over a limit: 413 that names it, at every door, and what any refusal has in its headers."""

import asyncio
import base64
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from fakes.object_store import MemoryObjectStore
from mlops.stores.prediction_stream import RedisPredictionStream
from mlops.stores.telemetry import RedisTelemetry

Invoke = Callable[[str, Any], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
INFERENCE = Path(__file__).parents[2] / "functions" / "inference"
SITE = "http://site.example"
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "SibSp": 1, "Parch": 0}
BODY_LIMIT, ANSWER_LIMIT = "4,194,304 bytes", "6,291,456 bytes"


def rest(body: str) -> dict[str, Any]:
    return {"httpMethod": "POST", "path": "/predict/batch", "body": body, "isBase64Encoded": False}


def http_api(body: str) -> dict[str, Any]:
    about = {"method": "POST", "path": "/predict/batch", "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"}
    context = {"http": about, "requestId": "id", "stage": "$default"}
    event = {"version": "2.0", "routeKey": "$default", "rawPath": "/predict/batch", "rawQueryString": ""}
    return {**event, "requestContext": context, "body": body, "isBase64Encoded": False}


def load_balancer(body: str) -> dict[str, Any]:
    encoded = base64.b64encode(body.encode()).decode()
    event = {"path": "/predict/batch", "queryStringParameters": {}, "body": encoded, "isBase64Encoded": True}
    return {**event, "httpMethod": "POST", "requestContext": {"elb": {"targetGroupArn": "arn"}}}


@pytest.mark.parametrize("shape", [rest, http_api, load_balancer])
def test_a_body_of_six_megabytes_is_refused_by_the_limit(
    invoke: Invoke, sample: Sample, champion: str, shape: Callable[[str], dict[str, Any]]
) -> None:
    event = shape(json.dumps({"rows": [{**ROW, "Name": "x" * 6 * 2**20}]}))
    base = sample("inference", "http") if shape is rest else {"headers": {"content-type": "application/json"}}
    answer = invoke("inference", {**base, **event})

    assert answer["statusCode"] == 413
    problem = json.loads(answer["body"])
    assert (problem["status"], BODY_LIMIT in problem["detail"]) == (413, True)
    assert answer["headers"]["content-type"] == "application/problem+json"


@pytest.mark.parametrize("report", [{"filler": "x" * 6 * 2**20}, {"filler": '"' * 2 * 2**20}, {"filler": "é" * 2**20}])
def test_an_answer_over_the_limit_of_lambda_is_refused(
    http: Http, champion: str, objects: MemoryObjectStore, report: dict[str, str]
) -> None:
    """What counts is the answer as Lambda hands it on: JSON within JSON."""
    body = json.dumps(report, ensure_ascii=False).encode()
    objects.put("titanic-models", "drift/latest.json", body, "application/json")
    status, problem = http("GET", "/drift")

    assert (status, ANSWER_LIMIT in problem["detail"]) == (413, True)


def test_a_load_balancer_hands_on_less_than_lambda_does(
    invoke: Invoke, sample: Sample, champion: str, objects: MemoryObjectStore
) -> None:
    objects.put("titanic-models", "drift/latest.json", json.dumps({"filler": "x" * 2**20}).encode(), "application/json")
    asked = {"httpMethod": "GET", "path": "/drift", "body": "", "isBase64Encoded": False}
    balanced = {**load_balancer(""), **asked, "headers": {}}

    answer = invoke("inference", balanced)
    assert (answer["statusCode"], "1,048,576 bytes" in answer["body"]) == (413, True)
    assert invoke("inference", {**sample("inference", "http"), **asked})["statusCode"] == 200


def test_explanations_that_cannot_be_answered_are_neither_logged_nor_counted(
    http: Http,
    champion: str,
    stream: RedisPredictionStream,
    telemetry: RedisTelemetry,
    loaded: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded("inference")
    monkeypatch.setattr("limits.MAX_ANSWER", 200_000)
    rows = {"rows": [ROW] * 500}
    status, problem = http("POST", "/predict/batch", rows, {"explain": "true"})

    assert status == 413
    assert "without explanations" in problem["detail"]
    assert stream.recent(10) == []
    assert not any(name.startswith("score|") for name in telemetry.totals())
    assert any("|413|" in name for name in telemetry.totals())
    assert http("POST", "/predict/batch", rows)[0] == 200
    assert len(stream.recent(1000)) == 500


def test_a_request_that_cannot_be_read_has_a_name_and_may_be_read_by_the_site(
    invoke: Invoke, sample: Sample, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URLS", f"{SITE}/titanic")
    broken = {**sample("inference", "http"), "body": "\ud800"}

    for headers in ({"headers": {"Origin": SITE}}, {"headers": None, "multiValueHeaders": {"origin": [SITE]}}):
        answer = invoke("inference", {**broken, **headers})
        assert answer["statusCode"] == 400
        assert answer["headers"]["access-control-allow-origin"] == SITE
        assert answer["headers"]["x-request-id"] == broken["requestContext"]["requestId"]
    stranger = invoke("inference", {**broken, "headers": {"origin": "http://evil.example"}})
    assert "access-control-allow-origin" not in stranger["headers"]
    assert invoke("inference", {**broken, "headers": ["no", "mapping"]})["statusCode"] == 400


@pytest.mark.parametrize("site", ["http://127.0.0.1:4566/titanic-web", "http://localhost:4566/titanic-web"])
@pytest.mark.parametrize("opened", ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566"])
def test_a_site_on_this_machine_may_be_opened_under_any_of_its_names(
    invoke: Invoke, sample: Sample, champion: str, monkeypatch: pytest.MonkeyPatch, site: str, opened: str
) -> None:
    monkeypatch.setenv("SITE_URLS", site)

    def allowed(origin: str) -> str | None:
        event = sample("inference", "http")
        event["multiValueHeaders"] |= {"Origin": [origin]}
        found: str | None = invoke("inference", event)["headers"].get("access-control-allow-origin")
        return found

    assert allowed(opened) == opened
    assert allowed(opened.replace("4566", "4567")) is None
    assert allowed("http://localhost.evil.example:4566") is None


@pytest.fixture
def server(champion: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API under uvicorn, one request at a time; its address."""
    monkeypatch.syspath_prepend(INFERENCE)
    monkeypatch.setenv("SITE_URLS", f"{SITE}/titanic")
    from api import create_app
    from dependencies import Dependencies

    app = create_app(Dependencies(), concurrency=1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="critical")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        thread.join(10)


def asked(url: str, body: bytes | None = None) -> tuple[int, Any, Any]:
    headers = {"Content-Type": "application/json", "Origin": SITE}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.load(refused)


@pytest.mark.parametrize("megabytes", [5, 20])
def test_a_server_reads_to_the_end_what_it_refuses(server: str, megabytes: int) -> None:
    """A client that is cut off while it sends hears a broken connection and no answer."""
    status, headers, problem = asked(f"{server}/predict/batch", b" " * megabytes * 2**20)

    assert (status, BODY_LIMIT in problem["detail"]) == (413, True)
    assert headers["Access-Control-Allow-Origin"] == SITE
    assert headers["X-Request-Id"]


def test_a_server_that_is_busy_says_so_to_the_site_too(server: str) -> None:
    host, _, port = server.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        for _ in range(500):
            status, headers, problem = asked(f"{server}/health")
            if status == 429:
                break
            time.sleep(0.01)

        assert (status, problem["status"]) == (429, 429)
        assert headers["Access-Control-Allow-Origin"] == SITE
        assert headers["X-Request-Id"]
        assert headers["Retry-After"] == "1"


def test_what_comes_while_one_is_answered_is_counted(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty at once, for a process that lets four in and answers each without a pause."""
    monkeypatch.syspath_prepend(INFERENCE)
    from limits import Concurrency

    async def blocking(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def status(app: Any) -> tuple[int, bytes | None]:
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        await app({"type": "http", "headers": []}, None, keep)
        return sent[0]["status"], dict(sent[0]["headers"]).get(b"retry-after")

    async def all_at_once() -> list[tuple[int, bytes | None]]:
        app = Concurrency(blocking, limit=4)
        found = await asyncio.gather(*(status(app) for _ in range(20)))
        return [*found, await status(app)]

    *found, later = asyncio.run(all_at_once())
    assert Counter(found) == {(200, None): 4, (429, b"1"): 16}
    assert later == (200, None)
