"""From a series to the webhook: a real Prometheus with the product's rules, a real Alertmanager with its routes."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from clouds import CHECKOUT, until
from embedded_cloud import ports

INFRA = CHECKOUT / "infra"
ALERTMANAGER = shutil.which("alertmanager") or shutil.which("prometheus-alertmanager")
PROGRAMS = {"prometheus": shutil.which("prometheus"), "prometheus-alertmanager": ALERTMANAGER}
MISSING = [name for name, program in PROGRAMS.items() if not program]
SECRET = "it's-a-secret?a=1&b=$HOME|x"  # as an address may be, in the shell's and YAML's eyes

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"apt-get install {' '.join(MISSING)}")


class Webhook(ThreadingHTTPServer):
    """What is scraped, and who is told."""

    def __init__(self, series: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.series = series
        self.told: list[tuple[str, dict[str, Any]]] = []

    def heard(self, status: str) -> list[dict[str, str]]:
        """The labels of the alerts with that status, those of all messages together."""
        return [each["labels"] for _, body in self.told for each in body["alerts"] if each["status"] == status]


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_GET(self) -> None:
        self._answer(self.server.series.encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append((self.path, body))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def answers(url: str, body: Any = None) -> bytes | None:
    """What a server says; None while it is not there."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return bytes(response.read()) or b"{}"
    except OSError:
        return None


@contextmanager
def running(command: list[str | Path], log: Path, **options: Any) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def quicker(text: str) -> str:
    """The same configuration, which asks and tells every second."""
    for seconds in ("5m", "15s", "10s"):
        text = text.replace(f": {seconds}", ": 1s")
    return text


@contextmanager
def watched(folder: Path, series: str, path: str | None) -> Iterator[tuple[Webhook, int]]:
    """Prometheus and Alertmanager, as `make monitoring` and `make alerts` start them; and the latter's port."""
    for name in ("alertmanager", "prometheus"):
        shutil.copytree(INFRA / name, folder / name)
        for file in (folder / name).glob("*.yml"):
            file.write_text(quicker(file.read_text()))
    with ExitStack() as stack:
        server = stack.enter_context(Webhook(series))
        stack.callback(server.shutdown)
        Thread(target=server.serve_forever, daemon=True).start()
        port, other = ports.choose("TEST_ALERTS_PORT", 19_100), ports.choose("TEST_RULES_PORT", 19_200)
        for kind, target in (("targets", server.server_port), ("alertmanagers", port)):
            (folder / "prometheus" / kind).mkdir()
            (folder / "prometheus" / kind / "here.json").write_text(json.dumps([{"targets": [f"127.0.0.1:{target}"]}]))
        address = {"ALERT_WEBHOOK_URL": f"http://127.0.0.1:{server.server_port}{path}"} if path else {}
        start: list[str | Path] = [folder / "alertmanager/start.sh", folder, f"--web.listen-address=127.0.0.1:{port}"]
        environment = {"PATH": "/usr/bin:/bin", "ALERTMANAGER": str(ALERTMANAGER), **address}
        stack.enter_context(running(start, folder / "alertmanager.log", env=environment))
        scrape: list[str | Path] = [str(PROGRAMS["prometheus"]), f"--config.file={folder}/prometheus/prometheus.yml"]
        scrape += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{other}"]
        stack.enter_context(running(scrape, folder / "prometheus.log"))
        yield server, port


def test_an_alert_is_told_to_the_webhook_and_so_is_its_end(tmp_path: Path) -> None:
    drifts = 'mlops_drift_sustained_windows{use_case="titanic"} %d\n'
    with watched(tmp_path, drifts % 3, f"/hook/{SECRET}") as (webhook, _):
        until(lambda: webhook.heard("firing"), 60)
        webhook.series = drifts % 0
        until(lambda: webhook.heard("resolved"), 60)

    (labels,) = {json.dumps(each, sort_keys=True) for each in webhook.heard("firing")}
    assert json.loads(labels).items() >= {"alertname": "DriftSustained", "use_case": "titanic"}.items()
    assert {path for path, _ in webhook.told} == {f"/hook/{SECRET}"}
    summary = webhook.told[0][1]["alerts"][0]["annotations"]["summary"]
    assert summary == "titanic: drift in 3 windows in a row"


def test_without_an_address_alertmanager_shows_what_it_is_told(tmp_path: Path) -> None:
    with watched(tmp_path, 'mlops_drift_sustained_windows{use_case="titanic"} 2\n', None) as (webhook, port):
        shown = until(lambda: json.loads(answers(f"http://127.0.0.1:{port}/api/v2/alerts") or "[]"), 60)
    assert [alert["labels"]["alertname"] for alert in shown] == ["DriftSustained"]
    assert webhook.told == []


def test_a_budget_that_burns_fast_is_told_once(tmp_path: Path) -> None:
    """It burns slowly too, which is no news; another use case's is."""
    alerts = [
        {"labels": {"alertname": name, "use_case": use_case, "severity": "page"}}
        for name, use_case in (
            ("ErrorBudgetBurnsSlowly", "titanic"),
            ("ErrorBudgetBurnsFast", "titanic"),
            ("ErrorBudgetBurnsSlowly", "churn"),
        )
    ]
    with watched(tmp_path, "", "/") as (webhook, port):
        until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), 60)
        assert answers(f"http://127.0.0.1:{port}/api/v2/alerts", alerts)
        until(lambda: len(webhook.heard("firing")) >= 2, 60)

    told = {(each["alertname"], each["use_case"]) for each in webhook.heard("firing")}
    assert told == {("ErrorBudgetBurnsFast", "titanic"), ("ErrorBudgetBurnsSlowly", "churn")}
