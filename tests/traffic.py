"""Simulated traffic to a running cloud: windows of rows like those of the use case's CSV, or with one column shifted.

`SHIFT=age WINDOWS=3 SEED=1 SIZE=500 LABELS=1 python -m traffic < outputs.json`: each window is predicted in batches,
the labels of a fraction LABELS of its rows are uploaded as a label file, and monitoring is asked for its drift report.
The same seed gives the same traffic.
"""

import csv
import json
import os
import random
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from statistics import pstdev
from typing import Any
from uuid import uuid4

import boto3

DATA = Path(__file__).parents[1] / "data"
SHIFT_SDS = 0.7  # of a number, in standard deviations: ten years of the Titanic's ages
SHIFTED_FRACTION = 0.8  # of the rows, that get the value which a choice shifts to
NOISE_SDS = 0.01
BATCH = 100
NUMBERS = ("whole", "decimal")
Row = dict[str, str]


def rows(schema: Mapping[str, Any], seed: int, shift: str = "", distinct: bool = True) -> Iterator[tuple[Row, str]]:
    """Request bodies and labels without end: rows drawn from the CSV with replacement, each made `distinct`.

    Labels need distinct rows. Rows that are told apart no longer belong to groups that the champion knows, so what it
    learned of groups, and its score, may drift.

    `shift` names a column, by its name or title. A number is raised by 0.7 standard deviations; of a choice, rows with
    the second most frequent value become 80 % of all.
    """
    with (DATA / f"{schema['name']}.csv").open(newline="", encoding="utf-8-sig") as file:
        table = [row for row in csv.DictReader(file) if row[schema["label"]["name"]].strip()]
    columns = [column for column in schema["columns"] if not column["ignored"]]
    shifted = _column(columns, shift) if shift else None
    weights = _weights(table, shifted) if shifted and shifted["type"] == "choice" else [1.0] * len(table)
    changes = [_shifting(table, shifted)] if shifted and shifted["type"] in NUMBERS else []
    if distinct:
        changes.append(_distinguishing(table, columns, schema["features"]))
    chance = random.Random(f"{seed} {shift}")
    while True:
        (row,) = chance.choices(table, weights)
        body = {column["name"]: row[column["name"]] for column in columns if column["name"] in row}
        for change in changes:
            body |= change(body, chance)
        yield body, row[schema["label"]["name"]]


Change = Callable[[Row, random.Random], Row]


def _column(columns: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The column with this name, else with this title, whatever the case."""
    for key in ("name", "title"):
        for column in columns:
            if (column[key] or "").casefold() == name.casefold():
                if column["type"] == "text":
                    raise ValueError(f"SHIFT is {name!r}, a column of text: name one of numbers or choices")
                return column
    can = ", ".join(column["name"] for column in columns if column["type"] != "text")
    raise ValueError(f"SHIFT is {name!r}, must be one of {can}, or empty")


def _recorded(table: Sequence[Row], column: Mapping[str, Any]) -> list[str]:
    cells = (row.get(column["name"], "") for row in table)
    return [cell for cell in cells if _is_recorded(cell, column)]


def _is_recorded(cell: str, column: Mapping[str, Any]) -> bool:
    return cell.strip(" ") not in ("", *column["missing"])


def _weights(table: Sequence[Row], column: Mapping[str, Any]) -> list[float]:
    """How often each row is drawn, so that the second most frequent value is in SHIFTED_FRACTION of the rows."""
    counts = Counter(_recorded(table, column)).most_common()
    if len(counts) < 2:
        raise ValueError(f"SHIFT is {column['name']!r}, which has one value only")
    value, count = counts[1]
    more, less = SHIFTED_FRACTION / count, (1 - SHIFTED_FRACTION) / (len(table) - count)
    return [more if row[column["name"]] == value else less for row in table]


def _shifting(table: Sequence[Row], column: Mapping[str, Any]) -> Change:
    """What raises a number."""
    by = SHIFT_SDS * pstdev(map(float, _recorded(table, column)))

    def change(row: Row, _: random.Random) -> Row:
        cell = row[column["name"]]
        return {column["name"]: _number(column, float(cell), by)} if _is_recorded(cell, column) else {}

    return change


def _distinguishing(
    table: Sequence[Row], columns: Sequence[Mapping[str, Any]], features: Sequence[Mapping[str, Any]]
) -> Change:
    """What makes each row a new one: a champion was trained on the CSV, and equal rows count once as labels.

    A text that tells which rows belong together gets a number, before its first comma if there is one; where there is
    no such column, decimal numbers get a little noise.
    """
    keys = {name for feature in features if feature["type"] == "key" for name in feature["source"]}
    texts = [column["name"] for column in columns if column["type"] == "text" and column["name"] in keys]
    decimals = [column for column in columns if column["type"] == "decimal" and not texts]
    deviations = [(column, NOISE_SDS * pstdev(map(float, _recorded(table, column) or ["0"]))) for column in decimals]

    def change(row: Row, chance: random.Random) -> Row:
        number = chance.randrange(10**9)
        changed = {}
        for name in texts:
            head, comma, tail = row[name].partition(",")
            changed[name] = f"{head}-{number}{comma}{tail}"
        for column, deviation in deviations:
            if _is_recorded(cell := row[column["name"]], column):
                changed[column["name"]] = _number(column, float(cell), chance.gauss(0, deviation))
        return changed

    return change


def _number(column: Mapping[str, Any], value: float, by: float) -> str:
    """A cell raised, within the column's range; of a whole number, by one at least."""
    raised = value + (max(1, round(by)) if column["type"] == "whole" else by)
    low, high = column["minimum"], column["maximum"]
    raised = max(raised, low) if low is not None else raised
    raised = min(raised, high) if high is not None else raised
    return str(int(raised)) if column["type"] == "whole" else str(round(raised, 6))


@dataclass(frozen=True)
class Traffic:
    """Requests, label files and monitoring tasks sent to the cloud with these `outputs`."""

    outputs: dict[str, Any]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The answer of `GET /schema`."""
        with urllib.request.urlopen(f"{self.outputs['api_url']}/schema", timeout=120) as response:
            schema: dict[str, Any] = json.load(response)
            return schema

    def rows(self, seed: int, shift: str = "", distinct: bool = True) -> Iterator[tuple[Row, str]]:
        """Rows of the cloud's own use case, and their labels."""
        return rows(self.schema, seed, shift, distinct)

    def window(self, source: Iterator[tuple[Row, str]], size: int, labels: float) -> dict[str, Any]:
        """Predict one window, upload labels of a fraction of it; returns the drift report in short."""
        outcomes: dict[str, str] = {}
        for start in range(0, size, BATCH):
            batch = [next(source) for _ in range(min(BATCH, size - start))]
            for answer, (_, label) in zip(self._predict([body for body, _ in batch]), batch, strict=True):
                outcomes[answer["prediction_id"]] = label
        if labelled := list(outcomes.items())[: round(size * labels)]:
            text = StringIO()
            csv.writer(text).writerows([("prediction_id", self.schema["label"]["key"]), *labelled])
            self._client("s3").put_object(
                Bucket=self.outputs["data_bucket"], Key=f"labels/{uuid4().hex}.csv", Body=text.getvalue().encode()
            )
        return self.monitor("drift")

    def monitor(self, task: str) -> dict[str, Any]:
        """The monitoring function's answer."""
        function = self.outputs["functions"]["MonitoringFunction"]
        invoked = self._client("lambda").invoke(FunctionName=function, Payload=json.dumps({"task": task}))
        answer: dict[str, Any] = json.load(invoked["Payload"])
        if "FunctionError" in invoked:
            raise RuntimeError(answer)
        return answer

    def _predict(self, bodies: list[Row]) -> list[dict[str, Any]]:
        data, headers = json.dumps({"rows": bodies}).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.outputs['api_url']}/predict/batch", data, headers)
        with urllib.request.urlopen(request, timeout=120) as response:
            answers: list[dict[str, Any]] = json.load(response)["predictions"]
        return answers

    def _client(self, service: str) -> Any:
        own = f"{service}_" if f"{service}_endpoint_url" in self.outputs else ""  # Compose's S3 is another server
        return boto3.client(
            service,
            endpoint_url=self.outputs[f"{own}endpoint_url"],
            region_name=self.outputs["region"],
            aws_access_key_id=self.outputs.get(f"{own}access_key_id", "test"),
            aws_secret_access_key=self.outputs.get(f"{own}secret_access_key", "test"),
        )


def main() -> None:
    settings = {name: os.environ.get(name) or default for name, default in DEFAULTS.items()}
    traffic = Traffic(json.load(sys.stdin))
    source = traffic.rows(int(settings["SEED"]), settings["SHIFT"], distinct=float(settings["LABELS"]) > 0)
    try:
        next(source)
    except ValueError as refused:
        sys.exit(f"✗ {refused}")
    for number in range(1, int(settings["WINDOWS"]) + 1):
        report = traffic.window(source, int(settings["SIZE"]), float(settings["LABELS"]))
        decision = report["retraining"]
        drifted = (
            f" of {', '.join(report['drifted'])}, window {report['sustained']} in a row" if report["drifted"] else ""
        )
        print(f"{number:3} model {report['model_version']}: {report['status']}{drifted}")
        reason = decision.get("reason", decision.get("postponed"))
        print(f"    {decision.get('decision', 'postponed')}: {reason}", flush=True)


DEFAULTS = {"SHIFT": "", "WINDOWS": "3", "SEED": "1912", "SIZE": "500", "LABELS": "1"}

if __name__ == "__main__":
    main()
