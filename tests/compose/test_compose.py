"""Compose: every service healthy and confined, the site predicts, a file in the inbox becomes a champion."""

import itertools
import json
import re
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest

from browsers import program
from clouds import CHECKOUT, call, until

from .conftest import Compose

pytestmark = pytest.mark.timeout(2400)
PASSENGER_ROW = CHECKOUT / "functions/inference/events/row.json"
ONE_SHOT = {"deployer", "volumes", "airflow-init"}
AIRFLOW = {"airflow", "airflow-scheduler", "airflow-triggerer", "airflow-dag-processor", "airflow-init"}
PAGES = {
    "app": ("APP_PORT", "/"),
    "API": ("APP_PORT", "/api/health"),
    "Airflow": ("AIRFLOW_PORT", "/api/v2/monitor/health"),
    "Grafana": ("GRAFANA_PORT", "/api/health"),
    "Prometheus": ("PROMETHEUS_PORT", "/-/ready"),
    "MinIO's console": ("MINIO_CONSOLE_PORT", "/"),
}


def test_the_file_is_clean(idle_compose: Compose) -> None:
    checked = idle_compose.run("--profile", "*", "config", "--quiet")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_without_secrets_compose_says_what_to_do(idle_compose: Compose, tmp_path: Path) -> None:
    (tmp_path / ".env").touch()
    without = Compose({**idle_compose.variables, "COMPOSE_ENV_FILES": str(tmp_path / ".env")}, idle_compose.values)
    refused = without.run("config", "--quiet")
    assert refused.returncode
    assert "run make compose-env" in refused.stderr


def test_every_service_is_up_and_healthy(compose: Compose) -> None:
    states = {name: each["State"] for name, each in compose.containers().items()}
    assert set(states) == set(compose.run("config", "--services").stdout.split())
    for name, state in states.items():
        if name in ONE_SHOT:
            assert (state["Status"], state["ExitCode"]) == ("exited", 0), name
        else:
            assert (state["Status"], state["Health"]["Status"]) == ("running", "healthy"), name


def test_every_container_is_confined(compose: Compose) -> None:
    for name, each in compose.containers().items():
        host = each["HostConfig"]
        assert host["ReadonlyRootfs"] or name in AIRFLOW, name
        assert each["Config"]["User"] not in ("", "0", "root") or name == "volumes", name
        assert host["CapDrop"] == ["ALL"], name
        assert host["CapAdd"] == (["CAP_CHOWN"] if name == "volumes" else None) or name == "volumes", name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        bindings = [bound for ports in (host["PortBindings"] or {}).values() for bound in ports]
        assert {bound["HostIp"] for bound in bindings} <= {"127.0.0.1"}, name
        assert not any("docker.sock" in mount["Source"] for mount in each["Mounts"]), name


def test_who_need_not_talk_cannot(compose: Compose) -> None:
    """Networks by service: whoever shares none cannot reach the other."""
    project = compose.values["COMPOSE_PROJECT_NAME"]

    def networks(one: dict[str, Any]) -> set[str]:
        return {name.removeprefix(f"{project}_") for name in one["NetworkSettings"]["Networks"]}

    known = {name: networks(each) for name, each in compose.containers().items() if name != "volumes"}
    assert {name for name, its in known.items() if its == {"airflow"}} == AIRFLOW
    assert {name for name, its in known.items() if its == {"monitoring"}} == {"prometheus", "grafana"}
    for one, other in [("airflow", "redis"), ("airflow", "nginx"), ("grafana", "postgres"), ("prometheus", "minio")]:
        assert not known[one] & known[other], (one, other)


@pytest.mark.parametrize("page", PAGES)
def test_the_address_answers(compose: Compose, page: str) -> None:
    port, path = PAGES[page]
    with urllib.request.urlopen(f"http://127.0.0.1:{compose.values[port]}{path}", timeout=10) as response:
        assert response.status == 200


def test_the_site_predicts_in_a_browser(compose: Compose, outputs: dict[str, Any]) -> None:
    if not (chromium := program()):
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(outputs["web_url"])
        page.get_by_role("button", name="Mrs James Joseph Brown").click()
        expect(page.locator("#version")).to_have_text(call(f"{outputs['api_url']}/health")["model_version"])
        expect(page.locator("#why table")).to_be_visible()
        assert complaints == []
        browser.close()


def test_prometheus_scrapes_the_totals_and_knows_its_rules(compose: Compose, outputs: dict[str, Any]) -> None:
    call(
        f"{outputs['api_url']}/predict",
        json.loads((CHECKOUT / "functions/inference/events/row.json").read_text()),
    )
    prometheus = f"http://127.0.0.1:{compose.values['PROMETHEUS_PORT']}/api/v1"

    def target() -> Any:
        (one,) = call(f"{prometheus}/targets")["data"]["activeTargets"] or [{"health": "unknown"}]
        return one if one["health"] == "up" else None

    assert until(target, 60)["scrapeUrl"].endswith("/api/metrics")
    assert call(f"{prometheus}/rules")["data"]["groups"]


def test_grafana_has_every_dashboard(compose: Compose) -> None:
    manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    url = f"http://127.0.0.1:{compose.values['GRAFANA_PORT']}"
    manager.add_password(None, url, "admin", compose.values["GRAFANA_ADMIN_PASSWORD"])
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
    with opener.open(f"{url}/api/search?type=dash-db", timeout=10) as response:
        shown = {each["uid"] for each in json.load(response)}
    made = {json.loads(file.read_text())["uid"] for file in (CHECKOUT / "infra/grafana/dashboards").glob("*.json")}
    assert shown == made


def test_a_body_over_the_limit_is_refused_by_nginx_and_by_the_api(outputs: dict[str, Any]) -> None:
    for megabytes in (5, 7):
        request = urllib.request.Request(
            f"{outputs['api_url']}/predict", b" " * megabytes * 2**20, {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=120)
        problem = json.loads(refused.value.read())
        assert (refused.value.code, problem["status"], "4,194,304 bytes" in problem["detail"]) == (413, 413, True)


def test_each_version_of_a_file_in_the_inbox_is_trained_on(outputs: dict[str, Any], passenger_list: bytes) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=outputs["s3_endpoint_url"],
        aws_access_key_id=outputs["s3_access_key_id"],
        aws_secret_access_key=outputs["s3_secret_access_key"],
        region_name=outputs["region"],
    )
    bucket = outputs["data_bucket"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    head, *rows = passenger_list.splitlines(keepends=True)

    def versions() -> set[str]:
        return {each["model_version"] for each in call(f"{outputs['api_url']}/models?limit=100")["models"]}

    before = versions()
    for fewer in (10, 20):
        s3.put_object(Bucket=bucket, Key="inbox/fewer.csv", Body=head + b"".join(rows[fewer:]))
    until(lambda: len(versions() - before) == 2, 600)
    assert not s3.list_object_versions(Bucket=bucket, Prefix="inbox/").get("Versions")


class Prober:
    """Asks for a prediction all the time, and remembers what it heard and when."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.heard: list[tuple[float, dict[str, Any] | None]] = []

    def __enter__(self) -> "Prober":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(130)

    def answers(self) -> list[dict[str, Any]]:
        """All answers that were predictions."""
        return [answer for _, answer in self.heard if answer]

    def silence(self) -> float:
        """The longest time in seconds between two answers that lacked nothing."""
        whole = [at for at, answer in self.heard if answer and "degraded" not in answer]
        return max((later - earlier for earlier, later in itertools.pairwise(whole)), default=float("inf"))

    def _ask(self) -> None:
        passenger = json.loads(PASSENGER_ROW.read_text())
        while not self._end.is_set():
            answer = None
            with suppress(OSError, ValueError):
                answer = call(self._url, passenger)
            self.heard.append((time.monotonic(), answer))
            time.sleep(0.1)  # a rate, not a wait


RESTARTED = ["postgres", "redis", "minio", "nginx", "localstack", "keeper", *sorted(AIRFLOW - ONE_SHOT)]


@pytest.mark.parametrize("service", [*RESTARTED, "prometheus", "grafana"])
def test_whatever_restarts_the_same_champion_serves_again(
    compose: Compose, outputs: dict[str, Any], service: str
) -> None:
    """By itself, LocalStack too, which forgets all that was deployed; whatever was answered is counted."""

    def is_healthy() -> bool:
        health = {name: compose.containers()[name]["State"]["Health"]["Status"] for name in (service, "keeper")}
        return set(health.values()) == {"healthy"}

    before = call(f"{outputs['api_url']}/predict", json.loads(PASSENGER_ROW.read_text()))
    with Prober(f"{outputs['api_url']}/predict") as prober:
        until(prober.answers)
        counted = predictions(outputs)
        answered = len(prober.answers())
        assert compose.run("restart", service).returncode == 0
        restarted = time.monotonic()
        until(is_healthy, 300, pause_seconds=1)
        until(lambda: any(at > restarted and answer and "degraded" not in answer for at, answer in prober.heard), 300)
    later = [answer for answer in prober.answers()[answered:] if "degraded" not in answer]
    assert {(answer["model_version"], answer["probability"]) for answer in later} == {
        (before["model_version"], before["probability"])
    }
    assert predictions(outputs) - counted >= len(later) - 1  # one may have been counted just before
    print(f"{service} restarted: at most {prober.silence():.1f} s between two whole answers")
    assert compose.outputs()["api_url"] == outputs["api_url"]


def predictions(outputs: dict[str, Any]) -> float:
    """The predictions that the product has counted, over all versions."""
    with urllib.request.urlopen(f"{outputs['api_url']}/metrics", timeout=30) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(r"mlops_predictions_total\b", line))


def test_two_projects_side_by_side_share_nothing(compose: Compose, another_compose: Compose) -> None:
    """As two checkouts have them: each has its own champion, and the first goes on when the second is gone."""
    another_compose.up("nginx", "keeper")
    first, second = compose.outputs(), another_compose.outputs()
    passenger = json.loads(PASSENGER_ROW.read_text())
    assert call(f"{second['api_url']}/predict", passenger)["model_version"] == compose_champion(second)
    assert not set(compose.left()) & set(another_compose.left())
    assert not set(compose.images()) & set(another_compose.images())
    assert first["database_url"] != second["database_url"]
    before = predictions(first)
    call(f"{second['api_url']}/predict", passenger)
    assert predictions(first) == before
    assert another_compose.run("down", "--volumes", "--timeout", "20").returncode == 0
    assert call(f"{first['api_url']}/predict", passenger)["model_version"] == compose_champion(first)


def compose_champion(outputs: dict[str, Any]) -> str:
    """The version that a project's API serves."""
    return str(call(f"{outputs['api_url']}/health")["model_version"])


def test_uvicorns_workers_take_the_gateways_place(compose: Compose, outputs: dict[str, Any]) -> None:
    """Where API_SERVER says so; without it the gateway is back."""
    passenger = json.loads((CHECKOUT / "functions/inference/events/row.json").read_text())
    served = {**compose.variables, "COMPOSE_PROFILES": "uvicorn", "API_SERVER": "http://server:8000"}
    gateway = call(f"{outputs['api_url']}/predict", passenger)
    Compose(served, compose.values).up()
    try:
        until(lambda: "server:8000" in compose.run("exec", "nginx", "cat", "/proxy/api.conf").stdout)
        assert compose.run("stop", "localstack").returncode == 0  # and with it the gateway
        worker = call(f"{outputs['api_url']}/predict", passenger)
        assert (worker["probability"], worker["model_version"]) == (gateway["probability"], gateway["model_version"])
    finally:
        compose.run("--profile", "uvicorn", "rm", "--stop", "--force", "server")
        compose.up()
    assert call(f"{compose.outputs()['api_url']}/predict", passenger)["probability"] == gateway["probability"]
