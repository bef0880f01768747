"""A client who writes down what it sent and what it was told: one half of what promises are judged by."""

import csv
import io
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from clouds import LIST, Cloud, until

Row = dict[str, str]
# One in a column: of several that are alike the product says that the column is not as declared, and refuses the file.
BAD_CELLS = {"Age": "a long time", "Pclass": "9", "Fare": "free"}
# Seconds within which a run ends, is lost with the platform, or breaks a promise: a silent PostgreSQL is given up after
# 250, and the step is tried again.
LONGEST_RUN = 600
IDS = 10**6  # that a client has for its rows


@dataclass
class Asked:
    """One prediction that was asked for, by the id of its row; `answer` is None where none came, or an error."""

    row_id: str
    row: Row
    answer: dict[str, Any] | None = None
    status: int = 0
    at: float = 0.0  # of the monotonic clock, when it was over


@dataclass
class Upload:
    """One file whose upload S3 acknowledged, and what became of it: a run's status once it ended."""

    key: str
    content: bytes
    ids: list[str]
    bad: list[str]
    status: str = ""
    cause: str = ""

    @property
    def version(self) -> str:
        return sha256(self.content).hexdigest()[:16]


@dataclass
class Client:
    """Sends requests and files to a cloud at whatever address it has now; remembers all of it."""

    cloud: Cloud
    chance: random.Random
    asked: list[Asked] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)  # outcomes that were acknowledged, by prediction
    _inputs: dict[str, str] = field(default_factory=dict)  # of runs, which never change
    name: str = field(default_factory=lambda: uuid4().hex[:8])
    # Of their own, so that what else is left to chance does not depend on how many predictions were asked for.
    _asking: random.Random = field(default_factory=random.Random)
    _numbers: Iterator[int] = field(default_factory=count)
    _first: int = field(default_factory=lambda: random.SystemRandom().randrange(10**8, 2**31 - IDS))

    @cached_property
    def _rows(self) -> list[Row]:
        with LIST.open(newline="") as file:
            return list(csv.DictReader(file))

    def predict(self, timeout: float = 40.0) -> Asked:
        """Ask about a random row of the list, under an id of its own."""
        row = {
            name: cell
            for name, cell in self._asking.choice(self._rows).items()
            if name not in ("Survived", "PassengerId")
        }
        asked = Asked(str(self._first + next(self._numbers)), row)
        self.asked.append(asked)
        body = json.dumps({**row, "PassengerId": asked.row_id}).encode()
        request = urllib.request.Request(f"{self._api()}/predict", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                asked.status, asked.answer = response.status, json.load(response)
        except urllib.error.HTTPError as error:
            asked.status = error.code
        except (OSError, ValueError):
            asked.status = 0
        asked.at = time.monotonic()
        return asked

    def tell(self, asked: Asked, label: int) -> None:
        """Say what became of a predicted row."""
        assert asked.answer
        body = {"prediction_id": asked.answer["prediction_id"], "survived": label}
        with suppress(OSError):
            self.cloud.call("/feedback", body)
            self.told[body["prediction_id"]] = label

    @contextmanager
    def asking(self, pause: float = 0.15) -> Iterator[None]:
        """Predict over and over meanwhile, one request after the other."""
        over = threading.Event()

        def ask() -> None:
            while not over.wait(pause):
                self.predict()

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def file(self, more: int = 60) -> Upload:
        """The list with some rows repeated under new ids and some spoilt: the same chance makes the same file."""
        rows = [dict(row) for row in self._rows]
        rows += [{**self.chance.choice(self._rows), "PassengerId": str(5000 + place)} for place in range(more)]
        self.chance.shuffle(rows)
        spoilt = self.chance.sample(range(len(rows)), len(BAD_CELLS))
        for place, (name, cell) in zip(spoilt, BAD_CELLS.items(), strict=True):
            rows[place][name] = cell
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        ids = [row["PassengerId"] for row in rows]
        return Upload(
            f"raw/{self.name}-{len(self.uploads)}.csv", text.getvalue().encode(), ids, [ids[at] for at in spoilt]
        )

    def upload(self, upload: Upload) -> None:
        """Put a file until S3 says that it has it."""

        def acknowledged() -> bool:
            with suppress(BotoCoreError, ClientError):
                self.cloud.client("s3").put_object(Bucket=self.bucket, Key=upload.key, Body=upload.content)
                return True
            return False

        until(acknowledged, 60, 0.5)
        if upload not in self.uploads:
            self.uploads.append(upload)

    def runs(self, upload: Upload) -> list[dict[str, Any]]:
        """The runs of a file that Step Functions remembers, newest first."""
        states, machine = self.cloud.client("stepfunctions"), self.cloud.outputs()["pipeline_arn"]
        found = states.list_executions(stateMachineArn=machine)["executions"]
        for arn in {each["executionArn"] for each in found} - self._inputs.keys():
            self._inputs[arn] = states.describe_execution(executionArn=arn)["input"]
        own = [each["executionArn"] for each in found if upload.key in self._inputs[each["executionArn"]]]
        return sorted((states.describe_execution(executionArn=arn) for arn in own), key=_started, reverse=True)

    def await_end(self, upload: Upload) -> None:
        """Wait for a run of a file to end, and note how. What is lost with the platform or failed is uploaded again,
        which is the remedy that the documentation names."""
        for _ in range(4):
            run = self._ended(upload)
            upload.status = run["status"] if run else "LOST"
            upload.cause = f"{run.get('error')}: {run.get('cause')}" if run else ""
            if upload.status == "SUCCEEDED":
                return
            self.upload(upload)

    def _ended(self, upload: Upload) -> dict[str, Any] | None:
        """The newest run of a file, once it ended; None if there is none within seconds."""
        begun, quiet = time.monotonic(), time.monotonic() + 15
        while time.monotonic() < begun + LONGEST_RUN:
            with suppress(BotoCoreError, ClientError):
                runs = self.runs(upload)
                if runs and runs[0]["status"] != "RUNNING":
                    return runs[0]
                if not runs and time.monotonic() > quiet:
                    return None
            time.sleep(0.3)
        raise TimeoutError(f"The run of {upload.key} did not end within {LONGEST_RUN} s")

    def invoke(self, function: str, event: Any) -> dict[str, Any]:
        """What a function answers; its error is a RuntimeError."""
        name = self.cloud.outputs()["functions"][f"{function}Function"]
        done = self.cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        answer: dict[str, Any] = json.load(done["Payload"])
        if "FunctionError" in done:
            raise RuntimeError(answer)
        return answer

    @property
    def bucket(self) -> str:
        return str(self.cloud.outputs()["data_bucket"])

    def owns(self, row_id: str | None) -> bool:
        """Whether a row's id is one of this client's."""
        return row_id is not None and row_id.isdecimal() and 0 <= int(row_id) - self._first < IDS

    def answered(self) -> Sequence[Asked]:
        return [each for each in self.asked if each.answer is not None]

    def _api(self) -> str:
        return str(self.cloud.outputs()["api_url"])


def _started(run: dict[str, Any]) -> datetime:
    started: datetime = run["startDate"]
    return started
