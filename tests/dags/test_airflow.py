"""Airflow standalone, all its components, over a real cloud: the DAGs, retries, failures, re-runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clouds import CHECKOUT, Cloud, listening_on, until
from embedded_cloud import processes
from embedded_cloud.processes import Service

from .conftest import PAUSE_SECONDS, TIMEOUT_SECONDS, Airflow

DATASET = "raw/titanic.csv"
Deploy = Callable[[str, str], str]

# Fails as many times as it says, then answers.
FLAKY = """
class StoreUnavailableError(Exception):
    pass

failures = {failures}

def handler(event, context):
    global failures
    failures -= 1
    if failures >= 0:
        raise StoreUnavailableError("PostgreSQL at “port 5432” did not answer")
    return {answer}
"""
ANSWERING = "def handler(event, context):\n    return {answer}\n"


@pytest.fixture(scope="module")
def runs(airflow: Airflow) -> dict[str, str]:
    """A run of each of the two DAGs that make a model, on the real dataset."""
    started = {dag: airflow.start(dag, key=DATASET) for dag in ("titanic_pipeline", "titanic_state_machine")}
    assert {dag: airflow.end(run) for dag, run in started.items()} == dict.fromkeys(started, "success")
    return started


def version_of_run(airflow: Airflow, run: str) -> str:
    """The model that a run of the state machine made."""
    arn = airflow.answer(run, "run")
    output = airflow.cloud.client("stepfunctions").describe_execution(executionArn=arn)["output"]
    version: str = json.loads(output)["model"]["model_version"]
    return version


def test_handler_by_handler_or_as_state_machine_it_is_the_same_model(airflow: Airflow, runs: dict[str, str]) -> None:
    by_handler, as_machine = runs.values()
    mapped = airflow.call("GET", f"{by_handler}/taskInstances/evaluate/listMapped")["task_instances"]
    assert len(mapped) > 1, "the search was not shared out"
    assert airflow.answer(by_handler, "fit")["model_version"] == version_of_run(airflow, as_machine)


@pytest.mark.long
def test_files_are_scored_by_the_state_machine(airflow: Airflow) -> None:
    run = airflow.start("titanic_batch_scoring", keys=[DATASET], format="parquet")
    assert airflow.end(run) == "success", airflow.error(run, "run")
    execution = airflow.cloud.client("stepfunctions").describe_execution(executionArn=airflow.answer(run, "run"))
    answer = json.loads(execution["output"])
    assert (answer["complete"], answer["rows"]["in"], answer["rows"]["out"]) == (True, 891, 891)
    found = json.loads(execution["input"])
    assert found == {"keys": [DATASET], "format": "parquet"}


def test_every_version_of_a_csv_in_the_inbox_starts_the_pipeline_once(airflow: Airflow) -> None:
    s3, bucket = airflow.cloud.client("s3"), airflow.variable()["data_bucket"]
    good = (CHECKOUT / "data/titanic.csv").read_bytes()
    s3.put_object(Bucket=bucket, Key="inbox/GOOD.CSV", Body=good)
    s3.put_object(Bucket=bucket, Key="inbox/bad.csv", Body=b"another,table\n1,2\n")
    s3.put_object(Bucket=bucket, Key="inbox/bad.csv", Body=b"one more table\n1\n")

    def started() -> Any:
        runs = airflow.call("GET", "/api/v2/dags/titanic_pipeline/dagRuns?run_type=asset_triggered")["dag_runs"]
        return runs if len(runs) == 3 else None

    runs = {run["partition_key"].split("-")[0]: run for run in until(started, 60, PAUSE_SECONDS)}
    path = "/api/v2/dags/titanic_pipeline/dagRuns/"
    good, bad = (path + runs[name]["dag_run_id"] for name in ("taken/GOOD", "taken/bad"))
    until(lambda: airflow.tasks(good)["ingest"]["state"] == "success", TIMEOUT_SECONDS, PAUSE_SECONDS)
    assert airflow.answer(good, "ingest")["rows"] == 891
    airflow.call("PATCH", good, {"state": "failed"})  # the rest is another test's
    assert airflow.end(bad) == "failed"
    error = airflow.error(bad, "ingest")
    assert error.startswith("HandlerRefusalError: DatasetRefusedError: Missing column"), error
    assert airflow.tasks(bad)["ingest"]["try_number"] == 1
    left = s3.list_objects_v2(Bucket=bucket, Prefix="inbox/").get("Contents", [])
    assert not left


def test_the_drift_dag_follows_the_report_of_the_stack(airflow: Airflow) -> None:
    run = airflow.start("titanic_drift")
    assert airflow.end(run) == "success"
    report, tasks = airflow.answer(run, "measure"), airflow.tasks(run)
    ways = {"insufficient_data": {"insufficient_data"}, "drift": {"choose", "left_to_the_stack"}}
    (way,) = [name for name in WAYS if tasks[name]["state"] == "success"]
    assert way in ways.get(report["status"], {"stable"})


WAYS = ("choose", "stable", "insufficient_data", "left_to_the_stack")


@pytest.mark.parametrize(
    ("report", "way"),
    [
        pytest.param({"status": "ok"}, "stable", marks=pytest.mark.long),
        pytest.param({"status": "insufficient_data"}, "insufficient_data", marks=pytest.mark.long),
        pytest.param(
            {"status": "drift", "retraining": {"decision": "started", "dry_run": False}},
            "left_to_the_stack",
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"status": "drift", "retraining": {"decision": "held", "dry_run": True}}, "choose", marks=pytest.mark.long
        ),
    ],
)
def test_drift_goes_each_way(airflow: Airflow, deployed: Deploy, report: dict[str, Any], way: str) -> None:
    s3, bucket = airflow.cloud.client("s3"), airflow.variable()["data_bucket"]
    s3.put_object(Bucket=bucket, Key=f"taken/{way}.csv", Body=(CHECKOUT / "data/titanic.csv").read_bytes())
    monitoring = deployed(f"monitoring-{way.replace('_', '-')}", ANSWERING.format(answer=report))
    with airflow.changed_variable({"MonitoringFunction": monitoring}):
        run = airflow.start("titanic_drift")
        assert airflow.end(run) == "success"
    tasks = airflow.tasks(run)
    assert {name for name in WAYS if tasks[name]["state"] == "success"} == {way}
    assert tasks["retrain"]["state"] == ("success" if way == "choose" else "skipped")
    if way == "choose":
        assert airflow.answer(run, "choose") == {"bucket": bucket, "key": f"taken/{way}.csv"}, "not the newest file"


def test_an_empty_event_predicts_the_example_row(airflow: Airflow) -> None:
    example = airflow.variable()["example"]
    run = airflow.start("titanic_predict")
    assert airflow.end(run) == "success"
    assert airflow.answer(run, "event") == example
    assert airflow.answer(run, "predict")["model_version"] == airflow.cloud.champion()


@pytest.mark.long
def test_a_handler_that_fails_twice_is_called_a_third_time(airflow: Airflow, deployed: Deploy) -> None:
    monitoring = deployed("flaky", FLAKY.format(failures=2, answer={"status": "ok"}))
    with airflow.changed_variable({"MonitoringFunction": monitoring}):
        run = airflow.start("titanic_drift")
        assert airflow.end(run) == "success"
    assert airflow.tasks(run)["measure"]["try_number"] == 3


def test_a_handler_that_always_fails_is_reported_in_its_own_words_and_the_rerun_completes(
    airflow: Airflow, deployed: Deploy
) -> None:
    topic, received = subscribed(airflow)
    failing = deployed("failing", FLAKY.format(failures=1_000, answer={}))
    with airflow.changed_variable({"InferenceFunction": failing}, topic_arn=topic):
        run = airflow.start("titanic_predict")
        assert airflow.end(run) == "failed"
    words = "StoreUnavailableError: PostgreSQL at “port 5432” did not answer"
    assert airflow.error(run, "predict") == f"HandlerError: {words}"
    assert airflow.tasks(run)["predict"]["try_number"] == 4
    (notice,) = until(received)
    assert notice["Subject"] == "titanic_predict: predict failed"
    assert words in notice["Message"]

    before = airflow.tasks(run)["event"]
    dag, _, run_id = run.removeprefix("/api/v2/dags/").partition("/dagRuns/")
    clear = {"dag_run_id": run_id, "only_failed": True, "dry_run": False, "reset_dag_runs": True}
    airflow.call("POST", f"/api/v2/dags/{dag}/clearTaskInstances", clear)
    until(lambda: airflow.call("GET", run)["state"] != "failed", 60, PAUSE_SECONDS)
    assert airflow.end(run) == "success"
    assert airflow.tasks(run)["event"] == before, "what had succeeded was run again"
    assert airflow.answer(run, "predict")["model_version"] == airflow.cloud.champion()


def subscribed(airflow: Airflow) -> tuple[str, Callable[[], list[Any]]]:
    """A topic, and a function that reads the messages published to it."""
    sns, sqs = airflow.cloud.client("sns"), airflow.cloud.client("sqs")
    topic: str = sns.create_topic(Name="airflow-failures")["TopicArn"]
    queue = sqs.create_queue(QueueName="airflow-failures")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, lambda: [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=queue).get("Messages", [])]


def test_every_listening_socket_is_on_loopback(airflow: Airflow) -> None:
    family = airflow.family()
    assert len(family) > 4, "these are not all components"
    assert listening_on(family) == {"127.0.0.1"}


@pytest.mark.long
def test_down_ends_airflow_too(empty_cloud: Cloud) -> None:
    standing_in = Service("airflow", ["sleep", "600"], ready=lambda: True)
    empty_cloud.state.mkdir()
    processes.start(empty_cloud.state, standing_in, empty_cloud.state / "log")
    assert empty_cloud.run("down").returncode == 0
    assert not list(processes.find(empty_cloud.state))


@pytest.mark.long
def test_the_graph_of_the_pipeline_can_be_looked_at(airflow: Airflow, runs: dict[str, str], tmp_path: Path) -> None:
    """In a real browser."""
    pytest.importorskip("playwright", reason="Playwright is not installed")
    from .graph import picture

    run = runs["titanic_pipeline"].rpartition("/")[2]
    shown = picture(airflow.url, airflow.token, run, tmp_path / "graph.png")
    assert {"ingest", "features", "plan", "shares", "fit_share", "fit", "promote"} <= shown
