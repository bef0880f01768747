"""From a CSV in a bucket to a champion that serves."""

import csv
import gzip
import io
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from clouds import LIST, Cloud, call, until
from generate import write

OUTPUTS = {
    "api_url",
    "web_url",
    "endpoint_url",
    "region",
    "stack_name",
    "pipeline_arn",
    "data_bucket",
    "models_bucket",
    "web_bucket",
    "database_url",
    "redis_url",
    "admin_api_key",
    "functions",
    "use_case",
}


def run_of(cloud: Cloud, key: str, content: bytes) -> dict[str, Any]:
    """Upload a file and wait for the end of the run that it starts by itself."""
    states, machine = cloud.client("stepfunctions"), cloud.outputs()["pipeline_arn"]
    before = {run["executionArn"] for run in states.list_executions(stateMachineArn=machine)["executions"]}
    cloud.client("s3").put_object(Bucket=cloud.outputs()["data_bucket"], Key=key, Body=content)

    def ended() -> Any:
        runs = states.list_executions(stateMachineArn=machine)["executions"]
        return [run for run in runs if run["executionArn"] not in before and run.get("status", "RUNNING") != "RUNNING"]

    (run,) = until(ended, 120)
    answer: dict[str, Any] = states.describe_execution(executionArn=run["executionArn"])
    return answer


def longer() -> bytes:
    """The list and 150 of its rows once more, under ids of their own: more data of the same make."""
    header, *rows = csv.reader(io.StringIO(LIST.read_text()))
    more = [[str(2000 + at), *row[1:]] for at, row in enumerate(rows[:150])]
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows, *more])
    return text.getvalue().encode()


def test_outputs_have_every_field_of_the_contract(cloud: Cloud) -> None:
    outputs = cloud.outputs()
    assert set(outputs) == OUTPUTS
    assert set(outputs["functions"]) == {
        f"{name}Function" for name in ("Ingestion", "Features", "Training", "Inference", "Monitoring", "Batch")
    }


def test_a_row_of_the_csv_is_a_request_body(cloud: Cloud) -> None:
    api = cloud.outputs()["api_url"]
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))[:25]
    for row in rows:
        body = {key: value for key, value in row.items() if key not in ("PassengerId", "Survived") and value}
        for key, number in (("Pclass", int), ("SibSp", int), ("Parch", int), ("Age", float), ("Fare", float)):
            if key in body:
                body[key] = number(body[key])
        answer = call(f"{api}/predict", body)
        expected = {"prediction_id", "survived", "probability", "model_version", "features", "contributions"}
        assert set(answer) == expected
        assert answer["survived"] == int(answer["probability"] >= 0.5)
        assert sum(answer["contributions"].values()) == pytest.approx(answer["probability"], abs=1e-9)


def test_a_batch_is_answered_in_order_and_as_one_by_one(cloud: Cloud, passenger: dict[str, Any]) -> None:
    others = [{**passenger, "Age": age, "Sex": sex} for age in (4, 30, 70) for sex in ("male", "female")]
    batch = cloud.call("/predict/batch", {"passengers": others})
    singly = [cloud.call("/predict", other)["probability"] for other in others]
    assert [each["probability"] for each in batch["predictions"]] == singly


def test_the_function_answers_a_plain_event_as_the_api_does(cloud: Cloud, passenger: dict[str, Any]) -> None:
    function = cloud.outputs()["functions"]["InferenceFunction"]
    invoked = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(passenger))
    direct, served = json.load(invoked["Payload"]), cloud.call("/predict", passenger)
    for answer in (direct, served):
        answer.pop("prediction_id")
    assert direct == served


def test_an_upload_starts_the_pipeline_and_its_champion_serves_without_a_restart(
    cloud: Cloud, passenger: dict[str, Any]
) -> None:
    api, before = cloud.outputs()["api_url"], cloud.champion()
    run = run_of(cloud, "raw/longer.csv", longer())
    assert run["status"] == "SUCCEEDED", run
    history = cloud.client("stepfunctions").get_execution_history(executionArn=run["executionArn"])["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    assert [name for name in entered if name != "Evaluate"] == [
        "Ingest",
        "Features",
        "Divided",
        "Plan",
        "Search",
        "FitShares",
        "Fit",
        "Promote",
    ]
    promotion = json.loads(run["output"])["promotion"]
    assert promotion["decision"] == ("unchanged" if promotion["model_version"] == before else "promoted"), promotion
    until(lambda: call(f"{api}/predict", passenger)["model_version"] == promotion["model_version"])


def test_the_same_list_again_changes_nothing_and_says_so(cloud: Cloud) -> None:
    before = cloud.champion()
    run = run_of(cloud, "raw/again.csv", LIST.read_bytes())
    promotion = json.loads(run["output"])["promotion"]
    assert promotion["decision"] == ("unchanged" if promotion["model_version"] == before else "kept")
    assert promotion["reason"]
    assert cloud.champion() == before


def test_a_model_of_noise_is_refused_and_the_audit_says_why(cloud: Cloud) -> None:
    before = cloud.champion()
    header, *rows = csv.reader(io.StringIO(LIST.read_text()))
    place = header.index("Survived")
    labels = random.Random(5).sample([row[place] for row in rows], len(rows))
    noise = io.StringIO()
    csv.writer(noise).writerows(
        [header, *([*row[:place], label, *row[place + 1 :]] for row, label in zip(rows, labels, strict=True))]
    )
    run = run_of(cloud, "raw/noise.csv", noise.getvalue().encode())
    promotion = json.loads(run["output"])["promotion"]
    assert (promotion["decision"], promotion["champion"], cloud.champion()) == ("kept", before, before)
    listed = {each["model_version"]: each for each in cloud.call("/models?limit=100")["models"]}
    (decision,) = listed[promotion["model_version"]]["decisions"]
    assert (decision["decision"], decision["reason"]) == ("kept", promotion["reason"])
    assert decision["evidence"]["better than the prior"]["holds"] is False


def run_states(cloud: Cloud, names: list[str], document: Mapping[str, Any]) -> dict[str, Any]:
    """The output of some of the pipeline's own states, one after the other."""
    states = cloud.client("stepfunctions")
    known = states.describe_state_machine(stateMachineArn=cloud.outputs()["pipeline_arn"])
    kept = {name: json.loads(known["definition"])["States"][name] for name in names}
    for state in kept.values():
        for elsewhere in ("Catch", "Default"):
            state.pop(elsewhere, None)
    kept[names[-1]] = {**{name: value for name, value in kept[names[-1]].items() if name != "Next"}, "End": True}
    machine = json.dumps({"StartAt": names[0], "States": kept})
    made = states.create_state_machine(name=f"part-{uuid4().hex}", definition=machine, roleArn=known["roleArn"])
    run = states.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(document))["executionArn"]
    ended = until(lambda: (now := states.describe_execution(executionArn=run))["status"] != "RUNNING" and now, 180)
    states.delete_state_machine(stateMachineArn=made["stateMachineArn"])
    assert ended["status"] == "SUCCEEDED", ended
    output: dict[str, Any] = json.loads(ended["output"])
    return output


def test_a_share_of_the_search_that_is_lost_takes_no_other_with_it(cloud: Cloud) -> None:
    """The function breaks at one share, and again when it is tried again."""
    card = cloud.call("/model")
    good = {"index": 0, "params": {"max_depth": 3, "n_estimators": 5}}
    bad = {"index": ["not an index"], "params": {}}
    document = {
        "features": {"dataset_version": card["dataset_version"], "schema_hash": card["schema_hash"]},
        "plan": {"seed": 1912, "shares": [{"candidates": [each], "only": [0, 1]} for each in (bad, good)]},
    }
    found = run_states(cloud, ["Search"], document)["search"]
    assert [[each["index"] for each in share] for share in found["evaluations"]] == [[], [0]]
    (lost,) = found["failures"][0]
    assert lost["candidates"] == [bad]
    assert "candidates.0.index" in lost["reason"]


@pytest.mark.long
def test_a_fit_in_shares_is_the_same_version(cloud: Cloud, tmp_path: Path) -> None:
    """Of so many rows that the plan divides the fit; then by the function alone, when nothing of that is left."""
    bucket, s3 = cloud.outputs()["models_bucket"], cloud.client("s3")
    dataset = ingested(cloud, write(tmp_path / "many.csv", 2_100, bad=0).read_bytes())
    features = invoke(cloud, "FeaturesFunction", dataset)
    made = run_states(cloud, ["Plan", "Search", "FitShares", "Fit"], {"features": features})
    assert len(made["plan"]["shares"]) == 10
    assert len(made["plan"]["fit_shares"]) == 5
    left = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="training/")["Contents"]]
    assert len([key for key in left if dataset["dataset_version"] in key]) == 5

    for key in left:
        s3.delete_object(Bucket=bucket, Key=key)
    about = {name: features[name] for name in ("dataset_version", "schema_hash")}
    alone = invoke(cloud, "TrainingFunction", {"step": "fit", **about, **made["search"], "seed": made["plan"]["seed"]})
    assert alone == made["model"]


def test_features_in_parts_become_readable_at_once(cloud: Cloud) -> None:
    outputs = cloud.outputs()

    def online(row_id: int) -> Any:
        return call(f"{outputs['api_url']}/entities/{row_id}", key=outputs["admin_api_key"])["dataset_version"]

    before, rows = online(1), LIST.read_text().replace("Braund, Mr. Owen Harris", f"Braund, Mr. {uuid4().hex}")
    dataset = ingested(cloud, rows.encode())
    parts = [[number, 3] for number in range(3)]
    done = invoke(cloud, "FeaturesFunction", {**dataset, "step": "part", "part": parts[0]})
    assert 0 < done["rows"] < 891
    assert online(1) == before

    document = {"dataset": dataset, "features": {"parts": parts}}
    found = run_states(cloud, ["Divided", "FeatureParts", "PublishFeatures"], document)["features"]
    assert (found["rows"], found["online_version"]) == (891, dataset["dataset_version"])
    assert invoke(cloud, "FeaturesFunction", {**dataset, "step": "plan"}) == {**found, "parts": []}
    assert [online(1), online(891)] == [dataset["dataset_version"]] * 2


def ingested(cloud: Cloud, table: bytes) -> dict[str, Any]:
    """The dataset of a table that was uploaded where it starts no run."""
    bucket = cloud.outputs()["data_bucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key="apart/table.csv", Body=table)
    done = invoke(cloud, "IngestionFunction", {"bucket": bucket, "key": "apart/table.csv"})
    return {"dataset_version": done["dataset_version"]}


def invoke(cloud: Cloud, function: str, event: Mapping[str, Any]) -> Any:
    name = cloud.outputs()["functions"][function]
    done = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    answer = json.load(done["Payload"])
    assert "FunctionError" not in done, answer
    return answer


def test_a_file_that_is_not_the_declared_table_fails_the_run_with_its_cause(cloud: Cloud) -> None:
    before = cloud.champion()
    run = run_of(cloud, "raw/recipes.csv", b"dish,minutes\nsoup,20\n")
    assert run["status"] == "FAILED"
    assert run["error"] == "DatasetRefusedError"
    assert "PassengerId" in run["cause"]
    assert cloud.champion() == before


def test_bad_rows_of_a_packed_list_are_quarantined_and_the_rest_is_trained_on(cloud: Cloud) -> None:
    text = LIST.read_text()
    rows = list(csv.reader(io.StringIO(text)))
    rows[3][rows[0].index("Age")] = "a long time"
    spoilt = io.StringIO()
    csv.writer(spoilt).writerows(rows)
    run = run_of(cloud, "raw/spoilt.csv.gz", gzip.compress(spoilt.getvalue().encode()))
    assert run["status"] == "SUCCEEDED", run
    dataset = json.loads(run["output"])["dataset"]
    assert (dataset["rows"], dataset["rejected"]) == (890, 1)
    stored = cloud.client("s3").get_object(Bucket=cloud.outputs()["data_bucket"], Key=dataset["quarantine_key"])
    quarantined = stored["Body"].read().decode()
    assert "Age" in quarantined
    assert "a long time" in quarantined
    reported = cloud.client("s3").get_object(
        Bucket=cloud.outputs()["data_bucket"], Key=dataset["quality"]["report_key"]
    )
    assert json.load(reported["Body"])["rows"] == 890


def test_monitoring_reports_on_what_was_predicted(cloud: Cloud, passenger: dict[str, Any]) -> None:
    cloud.call("/predict/batch", {"passengers": [passenger] * 300})
    function = cloud.outputs()["functions"]["MonitoringFunction"]
    invoked = cloud.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    summary = json.load(invoked["Payload"])
    assert "FunctionError" not in invoked, summary
    assert summary["status"] == "drift"  # three hundred times the same lady


def test_the_data_bucket_keeps_versions_which_its_events_name(cloud: Cloud) -> None:
    versioning = cloud.client("s3").get_bucket_versioning(Bucket=cloud.outputs()["data_bucket"])
    assert versioning["Status"] == "Enabled"


def test_the_site_knows_the_api(cloud: Cloud) -> None:
    s3, outputs = cloud.client("s3"), cloud.outputs()
    config = s3.get_object(Bucket=outputs["web_bucket"], Key="config.js")["Body"].read().decode()
    assert outputs["api_url"] in config
