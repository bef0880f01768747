"""Airflow's answers that are failures in passing, by a server that gives them."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mlops_cloud import dag_run


class Server(ThreadingHTTPServer):
    """Answers with the statuses it was given, in their order, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.asked: list[Any] = []

    def call(self, method: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self.server_port}{path}"
        return dag_run.ask(urllib.request.Request(url, json.dumps(body).encode(), method=method))


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.statuses.pop(0))
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(dag_run, "PAUSE_SECONDS", 0)
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize("statuses", [[200], [500, 503, 200], [500, 409]])
def test_a_run_is_started_once_however_often_it_is_asked_for(server: Server, statuses: list[int]) -> None:
    server.statuses = [*statuses]
    run = dag_run.start(server, "some", {"a": 1})
    names = [asked["dag_run_id"] for asked in server.asked]
    assert (len(names), len(set(names))) == (len(statuses), 1)
    assert run == f"/api/v2/dags/some/dagRuns/{names[0]}"


@pytest.mark.parametrize(("status", "times"), [(403, 1), (500, dag_run.TRIES)])
def test_what_airflow_refuses_or_fails_for_good_is_told(server: Server, status: int, times: int) -> None:
    server.statuses = [status] * times
    with pytest.raises(urllib.error.HTTPError, match=str(status)):
        server.call("POST", "/", {})
    assert len(server.asked) == times
