"""A site for a use case that is made up: the files of `web/`, and an API that answers as `GET /schema` says.

It needs no cloud. Answers are plausible and always the same: a row's chance is made of its digest.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from clouds import CHECKOUT

VERSION = "0123456789abcdef"
Json = dict[str, Any]


def column(name: str, kind: str = "decimal", **more: Any) -> Json:
    """A column as `GET /schema` describes it."""
    usual = {
        **{"title": "", "description": "", "required": False, "minimum": None, "maximum": None, "max_length": None},
        **{"choices": [], "open": False, "missing": ["NA"], "ignored": False},
    }
    return {"name": name, "type": kind, **usual, **more}


def choices(*values: str | int, **titles: str) -> list[Json]:
    return [{"value": value, "title": titles.get(str(value), "")} for value in values]


def schema(columns: list[Json], **more: Any) -> Json:
    """The schema of a use case that says no more than it must: a feature for each column, no words."""
    kept = [each for each in columns if not each["ignored"]]
    types = {"choice": "category", "text": "category"}
    return {
        **{"name": "churn", "title": "churn", "question": "", "summary": "", "source": "", "form": None},
        "entity": {"one": "row", "many": "rows"},
        "id": {"name": "Customer ID", "type": "text"},
        "label": {"name": "Left?", "key": "left?", "title": "", "values": ["no", "yes"], "words": ["", ""]},
        "columns": columns,
        "features": [
            {"name": each["name"], "type": types.get(each["type"], "number"), "title": "", "meaning": ""}
            | {"source": [each["name"]], "words": {}}
            for each in kept
        ],
        **{"examples": [], "batch": {"key": "rows", "maximum": 1000}, "schema_hash": "1234567890abcdef"},
        **more,
    }


def odd() -> Json:
    """Names that a CSV can have and a program seldom expects."""
    columns = [
        column("education.num", "whole", required=True, minimum=0),
        column("Größe (m)", minimum=0, maximum=3, description="Without shoes"),
        column("Unnamed: 0", "whole", ignored=True),
        column("class", "choice", required=True, choices=choices("basic", "plus")),
        column('with "quotes", <b>tags</b> & more', "choice", choices=choices("a", "b", "c", "d", "e")),
        column("home town", "choice", open=True, choices=choices("Zürich", "São Paulo")),
        column("since", "text", max_length=10),
        column("constructor", "whole", maximum=99),
    ]
    rows = [
        {"education.num": 9, "Größe (m)": 1.62, "class": "plus", "home town": "Zürich"},
        {"education.num": 13, "Größe (m)": 1.91, "class": "basic", "since": "2019-04-01", "constructor": 3},
    ]
    examples = [{"row": row, "label": label, "title": "", "story": ""} for label, row in enumerate(rows)]
    return schema(columns, examples=examples)


def wide(columns: int = 60) -> Json:
    """More columns than a form can show at once; every fourth is needed."""
    kinds = ("whole", "decimal", "choice", "text")
    made = [
        column(
            f"{kinds[at % 4]} {at}",
            kinds[at % 4],
            required=at % 5 == 0,
            choices=choices("low", "middle", "high") if at % 4 == 2 else [],
        )
        for at in range(columns)
    ]
    values = {"whole": 3, "decimal": 0.25, "choice": "middle", "text": "words"}
    row = {each["name"]: values[each["type"]] for each in made}
    return schema(made, examples=[{"row": row, "label": None, "title": "The usual", "story": ""}])


@dataclass
class MadeUp:
    """An API of one use case. `asked` is each request's method, path and body; a fresh one has served nothing."""

    schema: Json
    champion: str | None = VERSION
    drift: Json = field(default_factory=lambda: {"status": "none"})
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    older: int = 0  # versions before the champion
    origin: str = ""  # where config.js says the API is; empty is beside the page

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Json]:
        self.asked.append((method, path, body))
        name, _, _ = path.partition("?")
        answers: Mapping[str, Callable[[], tuple[int, Json]]] = {
            "/schema": lambda: (200, self.schema),
            "/health": lambda: (200, {"status": "ok", "model_version": self.champion}),
            "/predict": lambda: self.predict(body),
            "/predict/batch": lambda: self.batch(body),
            "/model": lambda: (200, self.card()),
            "/models": lambda: (200, self.page(path)),
            "/drift": lambda: (200, self.drift),
            "/runs": lambda: (200, {"steps": [{"name": "Ingest", "each": None, "optional": False}], "runs": []}),
            "/activity": lambda: (200, activity()),
            "/retraining": lambda: (200, {"decisions": []}),
        }
        return answers.get(name, lambda: (404, {"detail": "Not Found"}))()

    def predict(self, row: Json) -> tuple[int, Json]:
        if bad := self.refused(row):
            return 422, {"detail": "Some fields are wrong", "errors": bad}
        features = {each["name"]: row.get(each["source"][0]) for each in self.schema["features"]}
        base, probability = 0.4, chance(row)
        weights = {name: 1 / (at + 1) for at, name in enumerate(features)}
        scale = (probability - base) / sum(weights.values())
        contributions = {"base": base, **{name: weight * scale for name, weight in weights.items()}}
        answer = {**self.brief(row), "model_version": VERSION, "features": features, "contributions": contributions}
        return 200, answer

    def batch(self, body: Json) -> tuple[int, Json]:
        bad = [
            {**each, "field": f"rows.{place}.{each['field']}"}
            for place, row in enumerate(body["rows"])
            for each in self.refused(row)
        ]
        if bad:
            return 422, {"detail": "Some fields are wrong", "errors": bad}
        return 200, {"predictions": [self.brief(row) for row in body["rows"]], "model_version": VERSION}

    def brief(self, row: Json) -> Json:
        probability = chance(row)
        key = self.schema["label"]["key"]
        name = f"{zlib.crc32(repr(row).encode()):032x}"
        return {"prediction_id": name, key: int(probability > 0.5), "probability": probability}

    def refused(self, row: Json) -> list[Json]:
        """Each bad field of a row: those that are needed and not there, and those that nobody knows."""
        columns = {each["name"]: each for each in self.schema["columns"]}
        known = {*columns, self.schema["label"]["name"], *([self.schema["id"]["name"]] if self.schema["id"] else [])}
        missing = [name for name, each in columns.items() if each["required"] and row.get(name) in (None, "", "NA")]
        return [{"field": name, "reason": "Field required"} for name in missing] + [
            {"field": name, "reason": "Extra inputs are not permitted"} for name in row.keys() - known
        ]

    def page(self, path: str) -> Json:
        """Two versions a page; the older ones are called by their age."""
        _, _, before = path.partition("before=")
        first = self.models()
        older = [{**first[0], "model_version": f"{age:016}"} for age in range(1, self.older + 1)] if first else []
        names = [each["model_version"] for each in (*first, *older)]
        begin = names.index(before) + 1 if before else 0
        shown = [*first, *older][begin : begin + 2]
        following = shown[-1]["model_version"] if begin + 2 < len(names) else None
        return {"champion": self.champion, "models": shown, "next": following}

    def models(self) -> list[Json]:
        published = datetime.now(UTC).isoformat()
        card = self.card()
        known = {name: card[name] for name in ("metrics", "dataset_version", "decisions")}
        return [{"model_version": VERSION, "published_at": published, **known}] if self.champion else []

    def card(self) -> Json:
        features = [each["name"] for each in self.schema["features"]]
        shares = [1 / (at + 1) for at in range(len(features))]
        line = [at / 10 for at in range(11)]
        now = datetime.now(UTC).isoformat()
        group = {"feature": features[0], "rows": 40, "accuracy": 0.8, "positive": 0.4, "probability": 0.42}
        return {
            **{
                "format": 3,
                "model_version": VERSION,
                "algorithm": "random forest",
                "dataset_version": "89abcdef01234567",
            },
            **{"schema_hash": self.schema["schema_hash"], "code": "fedcba9876543210"},
            "label": self.schema["label"],
            "metrics": {
                **{"rows": 120, "accuracy": 0.825, "accuracy_interval": [0.75, 0.88], "roc_auc": 0.881, "brier": 0.121},
                "confusion": {"tp": 40, "fn": 12, "fp": 9, "tn": 59},
            },
            "baselines": [
                {"name": "Majority class", "accuracy": 0.567, "log_loss": 0.684},
                {"name": "Logistic regression", "accuracy": 0.79, "log_loss": 0.45},
            ],
            "curves": {
                "roc": [{"false_positive_rate": at, "true_positive_rate": at**0.3} for at in line],
                "calibration": [{"predicted": at, "observed": at**1.1} for at in line],
            },
            "importances": {name: share / sum(shares) for name, share in zip(features, shares, strict=True)},
            "inspection": {
                **{"rows": 120, "repeats": 10},
                "permutation": [
                    {"feature": name, "mean": share / 9 - 0.02, "interval": [share / 9 - 0.05, share / 9 + 0.01]}
                    for name, share in zip(features, shares, strict=True)
                ],
                "partial_dependence": [
                    {"feature": features[0], "points": [_point(at - 3.0, at / 9) for at in range(8)]},
                    {"feature": features[-1], "points": [_point("a value\u202e <b>", 0.1), _point("x" * 60, 0.9)]},
                ],
            },
            "slices": [{**group, "value": value} for value in ("low", "high", "not recorded")],
            **{"training": {"rows": 480, "positive": 200}, "holdout": {"rows": 120, "positive": 52, "by": "content"}},
            "params": {"max_depth": 8, "min_samples_leaf": 4},
            "decisions": [{"decision": "promoted", "at": now, "reason": "The first one", "evidence": {}}],
        }


def _point(value: float | str, chance: float) -> Json:
    return {"value": value, "probability": chance, "middle_half": [chance / 2, (1 + chance) / 2]}


def chance(row: Json) -> float:
    return (zlib.crc32(json.dumps(row, sort_keys=True).encode()) % 999 + 1) / 1001


def activity() -> Json:
    """A day on which nobody asked."""
    now = datetime.now(UTC)
    counts = ("requests", "predictions", "positive", "errors", "rejected", "degraded", "cold_starts")
    latencies = ("p50_ms", "p95_ms", "p99_ms")
    points = [
        {"at": (now - timedelta(hours=24 - at)).isoformat(), **dict.fromkeys(counts, 0), **dict.fromkeys(latencies)}
        for at in range(24)
    ]
    scores = {"bounds": [at / 10 for at in range(1, 10)], "counts": [0] * 10, "predictions": 0}
    return {
        "from": points[0]["at"],
        "to": now.isoformat(),
        "step_seconds": 3600,
        "points": points,
        "scores": scores,
        "releases": [{"at": points[12]["at"], "release": "titanic-12ab34cd"}],
    }


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site, and under /api the API."""

    def __init__(self, api: MadeUp, *arguments: Any) -> None:
        self.api = api
        super().__init__(*arguments, directory=str(CHECKOUT / "web"))

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self.say(*self.api.answer("GET", self.path.removeprefix("/api"), None))
        elif self.path == "/config.js":
            self.send("text/javascript", f'window.MLOPS = {{"apiUrl": "{self.api.origin}/api"}};'.encode())
        else:
            super().do_GET()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.say(*self.api.answer("POST", self.path.removeprefix("/api"), body))

    def say(self, status: int, answer: Json) -> None:
        self.send("application/json", json.dumps(answer).encode(), status)

    def send(self, kind: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served(api: MadeUp, port: int = 0) -> Iterator[str]:
    """The address of the site while it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, api))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
