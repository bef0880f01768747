"""The search spread over a Step Functions Map, beside the same search by scikit-learn in one process with two jobs."""

import csv
import json
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3

import one_process
from bench.data import servers
from bench.deployed import Function
from bench.executor import CREDENTIALS, ENVIRONMENTS, ROLE, process_executor
from generate import PASSENGER_LIST, lines
from mlops.data.cells import read_label, reader
from mlops.features.stores import FeatureRow
from mlops.model import search
from mlops.model.training_set import TrainingSet
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.stores.postgres.schema import upgrade
from mlops_cloud import build
from titanic import USE_CASE

ROOT = Path(__file__).parents[2]
CANDIDATES, FOLDS, TREES, SHARES = 8, 3, USE_CASE.search.trees // search.TREES_SHARE, 2
REPEATS = int(os.environ.get("REPEATS", "5"))
Row = dict[str, Any]


def rows() -> list[Row]:
    """Whole searches, both sides warm and taking turns: on the list, and on twenty times as many passengers."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database_url, _ = stack.enter_context(servers(work))
        endpoint = stack.enter_context(process_executor(work))
        database = Database(database_url)
        upgrade(database, USE_CASE)
        artifacts = build.build(ROOT, ROOT / ".local/build", ENVIRONMENTS, work / "build.log")
        settings = {"DATABASE_URL": database_url, "MODELS_BUCKET": "none", "AWS_ENDPOINT_URL": endpoint}
        Function(endpoint, "training", artifacts / "TrainingFunction", settings, {}).configure()
        fan_out = FanOut(endpoint)
        found = []
        with PASSENGER_LIST.open(newline="") as file:
            header, *real = csv.reader(file)
        generated = list(lines(20 * len(real), bad=0))[1:]
        for name, table, most, repeats in (("list", real, 2.0, REPEATS), ("twenty", generated, 1.2, REPEATS // 2)):
            rows = [labelled(dict(zip(header, each, strict=True))) for each in table]
            found.append(compared(fan_out, name, stored(database, name, rows), most, repeats))
        return found


def compared(fan_out: "FanOut", name: str, rows: TrainingSet, most: float, repeats: int) -> Row:
    ours, theirs = [], []
    for number in range(repeats + 1):
        began = time.perf_counter()
        whole = one_process.searched(USE_CASE, rows, CANDIDATES, FOLDS, jobs=2)
        middle = time.perf_counter()
        evaluations = fan_out.search(name)
        if number:  # the first round of each warms it up
            theirs.append(middle - began)
            ours.append(time.perf_counter() - middle)
        assert len(evaluations) == CANDIDATES == len(whole.cv_results_["params"])
    ratio = statistics.median(ours) / statistics.median(theirs)
    return {
        "name": f"training: search of {CANDIDATES}, {FOLDS} folds, {TREES} trees, {len(rows):,} rows (ours nested)",
        "figure": round(statistics.median(ours), 3),
        "unit": "s",
        "against": "RandomizedSearchCV, 2 jobs",
        "against_figure": round(statistics.median(theirs), 3),
        "ratio": round(ratio, 3),
        "bar": most,
        "holds": ratio <= most,
    }


class FanOut:
    """The pipeline's own Search state, as a machine of its own."""

    def __init__(self, endpoint: str) -> None:
        self._states = boto3.client("stepfunctions", endpoint_url=endpoint, **CREDENTIALS)
        arn = "arn:aws:lambda:us-east-1:000000000000:function:training"
        text = (ROOT / "step_functions/pipeline.asl.json").read_text()
        text = text.replace("${SearchConcurrency}", str(SHARES)).replace("${TrainingFunction}", arn)
        text = text.replace("${RetryTransientErrors}", '{"ErrorEquals": ["Lambda.TooManyRequestsException"]}')
        state = json.loads(text)["States"]["Search"]
        state = {key: value for key, value in state.items() if key not in ("Catch", "Next")} | {"End": True}
        state["ItemSelector"]["folds"] = FOLDS
        machine = json.dumps({"StartAt": "Search", "States": {"Search": state}})
        made = self._states.create_state_machine(name="search", definition=machine, roleArn=ROLE)
        self._machine = made["stateMachineArn"]

    def search(self, dataset: str) -> list[Any]:
        """The evaluations of a whole search, from the start of the execution to its end."""
        dealt = [
            {"index": index, "params": params}
            for index, params in enumerate(search.candidates(USE_CASE.search, CANDIDATES))
        ]
        features = {"dataset_version": dataset, "schema_hash": USE_CASE.schema_hash}
        document = {
            "features": features,
            "plan": {"seed": USE_CASE.search.seed, "shares": [dealt[start::SHARES] for start in range(SHARES)]},
        }
        run = self._states.start_execution(stateMachineArn=self._machine, input=json.dumps(document))["executionArn"]
        while (ended := self._states.describe_execution(executionArn=run))["status"] == "RUNNING":
            time.sleep(0.01)
        assert ended["status"] == "SUCCEEDED", ended
        return [each for share in json.loads(ended["output"])["search"]["evaluations"] for each in share]


def labelled(row: dict[str, str]) -> FeatureRow:
    cells = {column.name: reader(column)(row[column.name]) for column in USE_CASE.kept}
    return FeatureRow(row["PassengerId"], read_label(USE_CASE.label, row["Survived"]), USE_CASE.derive(cells))


def stored(database: Database, name: str, rows: list[FeatureRow]) -> TrainingSet:
    """The rows as the offline store, which now holds them, gives them to training."""
    offline = PostgresOfflineStore(database, USE_CASE)
    offline.write(name, USE_CASE.schema_hash, rows)
    return offline.read(name, USE_CASE.schema_hash)
