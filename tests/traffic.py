"""Simulated traffic to a running cloud: windows of passengers like those of the list, or of a world that shifted.

`SHIFT=age WINDOWS=3 SEED=1 SIZE=500 LABELS=1 python -m traffic < outputs.json`: each window is predicted in batches,
the fates of a share of LABELS come back as a label file, and monitoring is asked for its report and its decision. The
same seed is the same traffic.
"""

import csv
import json
import os
import random
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3

PASSENGER_LIST = Path(__file__).parents[1] / "data" / "titanic.csv"
SHIFTS = ("", "age", "class")
OLDER = 10.0
BATCH = 100


def passengers(seed: int, shift: str = "") -> Iterator[tuple[dict[str, str], int]]:
    """Request bodies and fates without end: rows of the list, each a person of their own, for a champion was grown on
    most of the list. `age` makes them ten years older; `class` makes the third class as frequent as the first was.
    """
    if shift not in SHIFTS:
        raise ValueError(f"SHIFT is {shift!r}, must be one of {', '.join(filter(None, SHIFTS))}, or empty")
    chance = random.Random(f"{seed} {shift}")
    with PASSENGER_LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))
    sizes = Counter(row["Pclass"] for row in rows)
    swapped = {"1": "3", "2": "2", "3": "1"}
    weights = [sizes[swapped[row["Pclass"]]] / sizes[row["Pclass"]] if shift == "class" else 1 for row in rows]
    while True:
        (row,) = chance.choices(rows, weights)
        surname, comma, given = row["Name"].partition(",")
        number = chance.randrange(10**9)
        changed = {"Name": f"{surname}-{number}{comma}{given}", "Ticket": f"{row['Ticket']} {number}"}
        if shift == "age" and row["Age"]:
            changed["Age"] = str(float(row["Age"]) + OLDER)
        body = {**row, **changed}
        yield {name: body[name] for name in body if name not in ("PassengerId", "Survived")}, int(row["Survived"])


@dataclass(frozen=True)
class Traffic:
    """What is sent to one cloud, whose `outputs` these are."""

    outputs: dict[str, Any]

    def window(self, crowd: Iterator[tuple[dict[str, str], int]], size: int, labels: float) -> dict[str, Any]:
        """One window's report in short, with the decision on it."""
        fates: dict[str, int] = {}
        for start in range(0, size, BATCH):
            some = [next(crowd) for _ in range(min(BATCH, size - start))]
            for answer, (_, survived) in zip(self._predict([body for body, _ in some]), some, strict=True):
                fates[answer["prediction_id"]] = survived
        if told := list(fates.items())[: round(size * labels)]:
            lines = "".join(f"{name},{survived}\n" for name, survived in told)
            body = f"prediction_id,survived\n{lines}"
            self._client("s3").put_object(
                Bucket=self.outputs["data_bucket"], Key=f"labels/{uuid4().hex}.csv", Body=body.encode()
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

    def _predict(self, bodies: list[dict[str, str]]) -> list[dict[str, Any]]:
        data, headers = json.dumps({"passengers": bodies}).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.outputs['api_url']}/predict/batch", data, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
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
    crowd = passengers(int(settings["SEED"]), settings["SHIFT"])
    for number in range(1, int(settings["WINDOWS"]) + 1):
        report = traffic.window(crowd, int(settings["SIZE"]), float(settings["LABELS"]))
        decided = report["retraining"]
        drifted = (
            f" of {', '.join(report['drifted'])}, window {report['sustained']} in a row" if report["drifted"] else ""
        )
        print(f"{number:3} model {report['model_version']}: {report['status']}{drifted}")
        print(
            f"    {decided.get('decision', 'postponed')}: {decided.get('reason', decided.get('postponed'))}", flush=True
        )


DEFAULTS = {"SHIFT": "", "WINDOWS": "3", "SEED": "1912", "SIZE": "500", "LABELS": "1"}

if __name__ == "__main__":
    main()
