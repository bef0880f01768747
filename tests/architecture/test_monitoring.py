"""Prometheus' rules and Grafana's dashboards, checked without a running server."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from inference import exposition
from mlops.telemetry import metrics

CHECKOUT = Path(__file__).parents[2]
PROMETHEUS, GRAFANA = CHECKOUT / "infra/prometheus", CHECKOUT / "infra/grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (apt-get install prometheus)")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", PROMETHEUS / "prometheus.yml"),
        ("check", "rules", "--lint=all", "--lint-fatal", *PROMETHEUS.glob("rules/*.yml")),
        ("test", "rules", *PROMETHEUS.glob("tests/*.yml")),
    ],
    ids=["config", "rules", "tests"],
)
def test_promtool_accepts_them(arguments: tuple[str | Path, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_firing() -> None:
    alerts = [
        line.split()[-1] for line in (PROMETHEUS / "rules/alerts.yml").read_text().splitlines() if "alert:" in line
    ]
    _, *tested = (PROMETHEUS / "tests/alerts.yml").read_text().split("alertname: ")
    firing = {case.split()[0] for case in tested if "exp_alerts:" in case}

    assert len(alerts) > 10
    assert set(alerts) == firing


def test_every_series_that_is_queried_is_exposed() -> None:
    files = [*PROMETHEUS.glob("rules/*.yml"), *DASHBOARDS]
    queried = {name for file in files for name in re.findall(r"\bmlops_\w+", file.read_text())}
    exposed = {
        each.name
        for module in (metrics, exposition)
        for each in vars(module).values()
        if isinstance(each, metrics.Metric)
    }

    assert {re.sub("_(total|bucket|count|sum)$", "", name) for name in queried} <= exposed


def test_the_dashboards_are_what_their_code_makes() -> None:
    python = CHECKOUT / ".local/envs/grafana/bin/python"
    if not python.exists():
        pytest.skip("Grafana's environment is not installed: run `make test`")
    done = subprocess.run([python, GRAFANA / "dashboards.py", "--check"], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_panel_has_what_a_reader_needs(file: Path) -> None:
    dashboard: dict[str, Any] = json.loads(file.read_text())

    assert dashboard["description"]
    for panel in dashboard["panels"]:
        title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
        assert len(panel["description"].split()) > 2, title
        assert defaults["unit"], title
        assert defaults["thresholds"]["steps"], title
        assert panel["targets"], title
        assert all(target["legendFormat"] for target in panel["targets"]), title
        assert panel["type"] == "stat" or panel["options"]["legend"]["showLegend"], title


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_query_is_of_the_chosen_use_case(file: Path) -> None:
    dashboard: dict[str, Any] = json.loads(file.read_text())

    assert [variable["name"] for variable in dashboard["templating"]["list"]] == ["use_case"]
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            series = re.findall(r"\bmlops[_:]\w[\w:]*(.{0,21})", target["expr"])
            assert set(series) == {'{use_case="$use_case"'}, panel["title"]


def test_dashboards_and_data_source_find_each_other() -> None:
    source = (GRAFANA / "provisioning/datasources/prometheus.yml").read_text()
    uids = {panel["datasource"]["uid"] for file in DASHBOARDS for panel in json.loads(file.read_text())["panels"]}

    assert [f"uid: {uid}" in source for uid in uids] == [True]
