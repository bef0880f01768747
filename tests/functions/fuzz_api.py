"""Requests that nobody means, against the whole API over real stores: `make fuzz` runs this with pytest.

Each is a sound request that was changed a few times, in its meaning or in its bytes; the same seed makes the same ones.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REQUESTS = int(os.environ.get("REQUESTS", "1000"))
SEED = int(os.environ.get("SEED") or 1912)
REPORT = os.environ.get("REPORT")
LONGEST_SECONDS = 10
ROW = {"Pclass": 3, "Name": "Braund, Mr. Owen Harris", "Sex": "male", "Age": 22, "SibSp": 1, "Parch": 0, "Fare": 7.25}
KEY = "correct horse"
WEIRD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3.5, 1e308, -1e308, 5e-324, 2**31, 2**63, 10**400, "", " ", "\0", "a" * 5000),
    *("NaN", "Infinity", "-0", "1e999", "٣", "ﬁ", "\ud800", "‮", "'; DROP TABLE decisions; --", "<script>", "../../etc"),
    *([], {}, [[]], [None] * 50, {"a": {"b": [1]}}, {"__proto__": 1}, float("nan"), float("inf")),
)
PATHS = (
    *("/predict", "/predict/batch", "/feedback", "/schema", "/model", "/models", "/drift", "/metrics", "/health"),
    *("/activity", "/retraining", "/docs", "/openapi.json", "/entities/1", "/batches", "/batches/0123456789abcdef"),
    *("/runs", "/runs/first", "/runs/first/rejections", "/uploads/a.csv"),
    *("/models/0123456789abcdef/promote", "/", "//predict", "/predict/", "/PREDICT", "/%00", "/nowhere"),
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
QUERIES = ("id", "what_if", "group", "explain", "hours", "limit", "before", "x")
# What needs Step Functions or a file in S3 is answered 503 where those are away, as here.
AWAY = ("/batches", "/runs", "/uploads")


class Requests:
    """Requests without end."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def next(self) -> tuple[str, str, str | None, dict[str, str], dict[str, str]]:
        """Method, path, body, query and headers."""
        chance = self._chance
        path = chance.choice(PATHS[:3]) if chance.random() < 0.8 else chance.choice(PATHS)
        method = "POST" if chance.random() < 0.85 else chance.choice(METHODS)
        body = self._body(path)
        query = {chance.choice(QUERIES): self._text() for _ in range(chance.choice((0, 0, 0, 1, 2)))}
        headers = {}
        if chance.random() < 0.1:
            headers["Content-Type"] = chance.choice(("", "text/plain", "application/json; charset=utf-16", "\\"))
        if chance.random() < 0.1:
            headers["X-Api-Key"] = chance.choice((KEY, "", "é", "a" * 3000))
        if chance.random() < 0.05:
            headers["X-Request-Id"] = self._text()
        return method, path, body, query, headers

    def _body(self, path: str) -> str | None:
        chance = self._chance
        value: Any = dict(ROW)
        if "batch" in path:
            value = {chance.choice(("rows", "passengers")): [dict(ROW) for _ in range(chance.choice((1, 2, 5)))]}
        elif path == "/feedback":
            value = {"prediction_id": "019a00000000700080000000000000" + f"{chance.randrange(256):02x}", "survived": 1}
        for _ in range(chance.choice((0, 1, 1, 2, 4))):
            value = self._changed(value)
        if chance.random() < 0.02:
            return None
        text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
        if chance.random() < 0.2:
            text = self._damaged(text)
        return text

    def _changed(self, value: Any) -> Any:
        """With one thing changed somewhere within."""
        chance = self._chance
        if chance.random() < 0.05:
            return chance.choice(WEIRD)
        if isinstance(value, dict) and value:
            name = chance.choice(list(value))
            what = chance.random()
            if what < 0.2:
                return {key: each for key, each in value.items() if key != name}
            if what < 0.3:
                return {**value, self._text(): chance.choice(WEIRD)}
            return {**value, name: self._changed(value[name])}
        if isinstance(value, list) and value:
            place = chance.randrange(len(value))
            return [*value[:place], self._changed(value[place]), *value[place + 1 :]]
        return chance.choice(WEIRD) if chance.random() < 0.7 else self._text()

    def _text(self) -> str:
        chance = self._chance
        weird = str(chance.choice(WEIRD))[:300]
        return (
            weird
            if chance.random() < 0.5
            else "".join(chr(chance.randrange(1, 0x2FF)) for _ in range(chance.randrange(9)))
        )

    def _damaged(self, text: str) -> str:
        chance, letters = self._chance, list(text)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(letters) + 1)
            letters[place : place + chance.randrange(3)] = chance.choice(("", '"', "{", "]", "\\", "\0", "9" * 30, "é"))
        return "".join(letters)


def test_no_request_ends_in_an_error_of_ours(
    invoke: Callable[..., dict[str, Any]],
    sample: Callable[[str, str], dict[str, Any]],
    champion: str,
    database_schema: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By way of the gateway's event: no 5xx, nothing that is not JSON where it says so, nothing slow."""
    monkeypatch.setenv("ADMIN_KEY_SECRET", "titanic/key")
    monkeypatch.setattr("mlops.stores.secrets.read", lambda *_: KEY)
    base, requests, statuses = sample("inference", "http"), Requests(SEED), Counter[int]()
    begun = time.monotonic()
    for number in range(REQUESTS):
        method, path, body, query, headers = requests.next()
        event = {**base, "httpMethod": method, "path": path, "body": body}
        event["multiValueHeaders"] = base["multiValueHeaders"] | {name: [each] for name, each in headers.items()}
        event["requestContext"] = {**base["requestContext"], "path": f"/live{path}", "httpMethod": method}
        event["multiValueQueryStringParameters"] = {name: [each] for name, each in query.items()}
        at = time.monotonic()
        answer = invoke("inference", event)
        taken = time.monotonic() - at
        statuses[answer["statusCode"]] += 1
        away = answer["statusCode"] == 503 and path.startswith(AWAY)
        told = f"request {number} of seed {SEED}: {method} {path} {query} {headers} {body!r:.500} → {answer}"
        assert answer["statusCode"] < 500 or away, told
        assert taken < LONGEST_SECONDS, told
        if "json" in answer["headers"].get("content-type", "") and answer["body"]:
            json.loads(answer["body"])
    if REPORT:
        found = {"tried": REQUESTS, "seconds": time.monotonic() - begun, "statuses": dict(statuses)}
        Path(REPORT).write_text(json.dumps(found))
