"""Monitoring of a running cloud: exact counts, drift, labels that come back, one retraining, dashboards."""

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis

from clouds import CHECKOUT, Cloud, call, environments, until
from embedded_cloud import ports
from traffic import Traffic

from .test_api import request

RULES = CHECKOUT / "infra/prometheus/rules"
DASHBOARDS = sorted((CHECKOUT / "infra/grafana/dashboards").glob("*.json"))
DATASET = CHECKOUT / "data" / "titanic.csv"
PREDICTED = 'mlops_requests_total{method="POST",route="/predict",status="200",use_case="titanic"}'


def total(cloud: Cloud, sample: str) -> float:
    """A sample as /metrics shows it now; 0 of one that is not there."""
    _, _, text = request(cloud.outputs()["api_url"] + "/metrics")
    found = re.search(rf"^{re.escape(sample)} (.+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def predict_each(api: str, names: list[str], passenger: dict[str, Any]) -> dict[tuple[str, str], bool]:
    """Predict each name from four threads; of those that were answered, name and request id, and whether degraded:
    on a busy machine Redis may take longer than a prediction waits, and the function's own log has it then."""

    def predict(name: str) -> tuple[tuple[str, str], bool] | None:
        with suppress(OSError):
            status, headers, answer = request(f"{api}/predict", {**passenger, "Name": f"{name}, Mr. A"})
            return ((name, headers["x-request-id"]), "degraded" in answer) if status == 200 else None
        return None

    with ThreadPoolExecutor(4) as pool:
        return dict(answer for answer in pool.map(predict, names) if answer)


def logged(cloud: Cloud, prefix: str) -> Counter[tuple[str, str]]:
    """How often each name and request id is in the prediction log."""
    with redis.Redis.from_url(cloud.outputs()["redis_url"]) as client:
        contents = [
            json.loads(fields[b"prediction"]) for _, fields in client.xrange("predictions") if b"prediction" in fields
        ]
    names = ((each["inputs"]["Name"].partition(",")[0], each["correlation_id"]) for each in contents)
    return Counter((name, id_) for name, id_ in names if name.startswith(prefix))


def test_many_instances_count_exactly_what_was_sent(cloud: Cloud, passenger: dict[str, Any]) -> None:
    outputs = cloud.outputs()
    api, before = outputs["api_url"], total(cloud, PREDICTED)

    answered = predict_each(api, [f"exact{number}" for number in range(200)], passenger)

    assert len(answered) == 200
    assert len(environments(cloud, outputs["functions"]["InferenceFunction"])) > 1
    spilled = {name for name, degraded in answered.items() if degraded}
    counted = logged(cloud, "exact")
    assert set(counted.values()) == {1}
    assert set(answered) - spilled <= set(counted) <= set(answered)
    assert len(counted) <= total(cloud, PREDICTED) - before <= len(counted) + len(spilled)


def champions(cloud: Cloud) -> set[str]:
    """What instances that answer at the same time say: each looks for another champion on its own."""
    address = f"{cloud.outputs()['api_url']}/health"
    with ThreadPoolExecutor(4) as pool:
        return {answer["model_version"] for answer in pool.map(call, [address] * 32)}


@pytest.fixture
def traffic(cloud: Cloud) -> Traffic:
    """Traffic to a champion that was trained on the shipped CSV alone, without labels or decisions of earlier tests."""
    version = sha256(DATASET.read_bytes()).hexdigest()[:16]
    models = cloud.call("/models?limit=100")
    known = {(each.get("dataset_version"), each.get("schema_hash")): each["model_version"] for each in models["models"]}
    listed = known[version, cloud.call("/schema")["schema_hash"]]
    if models["champion"] != listed:
        key = {"X-Api-Key": cloud.outputs()["admin_api_key"]}
        assert request(f"{cloud.outputs()['api_url']}/models/{listed}/promote", {}, key)[0] == 200
    until(lambda: champions(cloud) == {listed})
    traffic = Traffic(cloud.outputs())
    traffic.monitor("drain")  # or labels of earlier tests would come in later
    with (
        closing(psycopg2.connect(cloud.outputs()["database_url"])) as connection,
        connection,
        connection.cursor() as at,
    ):
        at.execute(
            "TRUNCATE labelled_rows, retrainings; UPDATE prediction_history SET outcome = NULL, outcome_at = NULL"
        )
    # Whatever an earlier test left away or behind: a window of this champion's is logged whole.
    until(lambda: traffic.window(traffic.rows(seed=0, distinct=False), 500, labels=0)["window"]["size"] == 500)
    return traffic


@pytest.mark.parametrize("windows", [10, pytest.param(50, marks=pytest.mark.long)])
def test_no_drift_in_windows_of_unshifted_rows(traffic: Traffic, windows: int) -> None:
    source = traffic.rows(seed=1912, distinct=False)

    reports = [traffic.window(source, 500, labels=0) for _ in range(windows)]

    assert {report["window"]["size"] for report in reports} == {500}
    assert Counter(report["status"] for report in reports) == {"ok": windows}
    assert {report["retraining"]["decision"] for report in reports} == {"held"}


@pytest.mark.parametrize(("shift", "feature"), [("age", "age"), ("class", "pclass")])
def test_a_shift_is_reported_within_two_windows(traffic: Traffic, shift: str, feature: str) -> None:
    same, other = traffic.rows(seed=1, distinct=False), traffic.rows(seed=2, shift=shift)
    assert traffic.window(same, 500, labels=0)["status"] == "ok"

    reports = [traffic.window(other, 500, labels=0) for _ in range(2)]

    assert "drift" in {report["status"] for report in reports}
    assert feature in reports[-1]["drifted"]
    assert reports[-1]["retraining"]["decision"] == "held"  # no label came back, so there is nothing to learn


def test_sustained_drift_starts_one_retraining_whose_champion_fits_the_shifted_rows(
    cloud: Cloud, traffic: Traffic
) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    (topic,) = (each["TopicArn"] for each in sns.list_topics()["Topics"])
    queue = sqs.create_queue(QueueName="readers")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    before, decided = cloud.champion(), len(cloud.call("/retraining")["decisions"])
    assert traffic.window(traffic.rows(seed=6, distinct=False), 500, labels=0)["sustained"] == 0
    older = traffic.rows(seed=3, shift="age")

    reports = [traffic.window(older, 500, labels=1) for _ in range(4)]

    starts = [each["retraining"] for each in reports if each["retraining"]["decision"] == "started"]
    assert len(starts) == 1, [each["retraining"] for each in reports]
    (start,) = starts
    assert start["trigger"] == "drift"
    made = promotion(cloud, start["dataset_version"])
    assert made["decision"] == "promoted", made["reason"]
    until(lambda: cloud.champion() != before)
    card = cloud.call("/model")
    assert card["dataset_version"] == start["dataset_version"]
    assert card["training"]["rows"] > 713 + 300

    adapted = [traffic.window(older, 500, labels=0) for _ in range(2)]
    assert [each["status"] for each in adapted] == ["ok", "ok"]

    until(lambda: "postponed" not in traffic.monitor("watch"))
    decisions = cloud.call("/retraining")["decisions"]
    (row,) = (each for each in decisions if each["dataset_version"] == start["dataset_version"])
    assert row["execution"].startswith("arn:aws:states:")
    assert row["evidence"]["psi"]["age"] >= 0.25
    assert len(decisions) == min(50, decided + 7)
    message = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))[0]
    words = json.loads(message["Body"])
    assert "retraining started" in words["Subject"]
    assert start["dataset_version"] in words["Message"]
    report = cloud.client("s3").get_object(Bucket=cloud.outputs()["models_bucket"], Key=row["evidence"]["report_key"])
    assert json.loads(report["Body"].read())["features"]

    # Its rows are more than those of the lists that other tests upload, which would be held for that.
    call(f"{cloud.outputs()['api_url']}/models/{before}/promote", {}, key=cloud.outputs()["admin_api_key"])
    until(lambda: cloud.champion() == before)


def promotion(cloud: Cloud, dataset: str) -> Any:
    """What the gate made of the run on a dataset, once that ended."""
    states, machine = cloud.client("stepfunctions"), cloud.outputs()["pipeline_arn"]

    def ended() -> list[dict[str, Any]]:
        runs = states.list_executions(stateMachineArn=machine)["executions"]
        found = [states.describe_execution(executionArn=run["executionArn"]) for run in runs]
        return [run for run in found if dataset in run["input"] and run["status"] != "RUNNING"]

    (run,) = until(ended, 180)
    assert run["status"] == "SUCCEEDED", run
    return json.loads(run["output"])["promotion"]


class Prometheus:
    """A real one that scrapes a cloud every second."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> list[Any]:
        """The result at this moment; an expression that Prometheus does not understand is an HTTPError."""
        answer = call(f"{self._url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
        found: list[Any] = answer["data"]["result"]
        return found

    def value(self, expression: str) -> float:
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else 0.0


@pytest.fixture
def prometheus(cloud: Cloud, tmp_path: Path) -> Iterator[Prometheus]:
    if not (program := shutil.which("prometheus")):
        pytest.skip("Prometheus is not installed (apt-get install prometheus)")
    config = (CHECKOUT / "infra/prometheus/prometheus.yml").read_text()
    config = config.replace("15s", "1s").replace("10s", "1s").replace("rules/", f"{RULES}/")
    (tmp_path / "prometheus.yml").write_text(config.replace("targets/", f"{cloud.state}/prometheus/targets/"))
    port = ports.choose("TEST_PROMETHEUS_PORT", 19_000)
    command = [program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    found = Prometheus(f"http://127.0.0.1:{port}")
    try:
        until(lambda: _or_none(lambda: found.value('up{job="mlops"}') == 1), 30)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _or_none(ask: Callable[[], Any]) -> Any:
    with suppress(OSError):
        return ask()
    return None


def queries() -> Iterator[tuple[str, str]]:
    """The name and the query of every panel, as Grafana sends it."""
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", "30s").replace("$use_case", "titanic")
                yield f"{file.stem}: {panel['title']}", expression


def test_every_panel_has_data_of_a_live_system_and_prometheus_counts_what_was_sent(
    cloud: Cloud, traffic: Traffic, prometheus: Prometheus, passenger: dict[str, Any]
) -> None:
    api, source = cloud.outputs()["api_url"], traffic.rows(seed=4)
    traffic.window(source, 300, labels=0.5)
    before = prometheus.value(PREDICTED)
    sent, over = 0, time.monotonic() + 150

    def load() -> None:
        nonlocal sent
        for _ in range(20):
            call(f"{api}/predict", passenger)
            sent += 1
        request(f"{api}/predict", {})
        traffic.window(source, 20, labels=0)

    def empty() -> list[str]:
        return [name for name, expression in queries() if not prometheus.query(expression)]

    # Until whole minutes of invocations are in, and the rules were evaluated on what they count.
    while (missing := empty()) and time.monotonic() < over:
        load()
        traffic.monitor("minute")
    assert missing == []
    assert len(list(queries())) > 40
    until(lambda: prometheus.value(PREDICTED) - before == sent)
    with pytest.raises(OSError, match="400"):
        prometheus.query("sum(rate(mlops_requests_total[5m])")


def test_the_page_can_show_the_activity_of_the_day(cloud: Cloud, traffic: Traffic) -> None:
    traffic.monitor("watch")
    traffic.window(traffic.rows(seed=5), 200, labels=0)

    activity = cloud.call("/activity?hours=1")

    assert sum(point["predictions"] for point in activity["points"]) >= 200
    assert activity["points"][-1]["p95_ms"] or activity["points"][-2]["p95_ms"]
    assert all(one["at"] < other["at"] for one, other in pairwise(activity["points"]))
