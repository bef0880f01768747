"""Write docs/cost.md: the monthly price on AWS, from GB-seconds measured on the running cloud and prices stated here.

Run by `make cost`. It sends predictions of the use case's first example, runs the pipeline on the newest dataset file,
which changes nothing, and reads the REPORT lines of the functions' logs.
"""

import json
import re
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localstack_client.session import Session

PAGE = Path(__file__).parent / "cost.md"
REPORT = re.compile(r"Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB")
PREDICTIONS = 300
HOURS = 730  # a month of AWS's calculator
VOLUMES = (1_000, 1_000_000, 100_000_000)

# US dollars, us-east-1, as listed on aws.amazon.com/<service>/pricing in January 2025, without any free tier.
PRICES_AS_OF = "January 2025"
PRICES = {
    "lambda_gb_second": 0.0000166667,
    "lambda_request": 0.20 / 1e6,
    "api_request": 3.50 / 1e6,
    "state_transition": 0.025 / 1e3,
    "log_gb": 0.50,
    "out_gb": 0.09,
    "nat_hour": 0.045,
    "disk_gb_month": 0.115,
    "secret_month": 0.40,
    "key_month": 1.00,
    "alarm_month": 0.10,
    "bucket_gb_month": 0.023,
}
SECRETS, KEYS, ALARMS, DISK_GB = 5, 1, 6, 20
ROW_BYTES = 1_000  # of a logged prediction in PostgreSQL, its index included
KEPT_MONTHS = 3  # PREDICTION_RETENTION_DAYS


@dataclass(frozen=True, slots=True)
class Stores:
    """PostgreSQL's and Valkey's instances, with their prices an hour."""

    database: str
    database_hour: float
    cache: str
    cache_hour: float


SMALL = Stores("db.t4g.micro", 0.016, "cache.t4g.micro", 0.0128)
LARGE = Stores("db.r7g.large", 0.239, "cache.r7g.large", 0.1752)


@dataclass(frozen=True, slots=True)
class Measured:
    """GB-seconds of a prediction, a retraining and a minute of monitoring; bytes of log and answer per prediction."""

    use_case: str
    prediction: float
    log_bytes: float
    answer_bytes: float
    retraining: float
    invocations: int
    transitions: int
    minute: float


def main() -> int:
    outputs = json.load(sys.stdin)
    measured = measure(outputs)
    PAGE.write_text(page(measured))
    print(f"✓ {PAGE.name}: {month(measured, VOLUMES[1])['total']:,.2f} dollars a month at {VOLUMES[1]:,} predictions")  # noqa: T201
    return 0


def measure(outputs: Mapping[str, Any]) -> Measured:
    """Measure from the logs of the cloud's functions."""
    session = Session("test", "test", localstack_host=outputs["endpoint_url"].removeprefix("http://"))
    logs, states, machine = session.client("logs"), session.client("stepfunctions"), outputs["pipeline_arn"]

    def events(function: str, since: float, until: float) -> list[str]:
        group = f"/aws/lambda/{outputs['functions'][function]}"
        window = {"startTime": int(since * 1000), "endTime": int(until * 1000) + 1000}
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **window)
        return [event["message"] for page in pages for event in page["events"]]

    schema = json.loads(call(f"{outputs['api_url']}/schema"))
    row = json.dumps(schema["examples"][0]["row"]).encode()
    call(f"{outputs['api_url']}/predict", row)  # the cold start is not measured
    began = time.time()
    answers = [len(call(f"{outputs['api_url']}/predict", row)) for _ in range(PREDICTIONS)]
    while len(billed(served := events("InferenceFunction", began, time.time()))) < PREDICTIONS:
        time.sleep(0.5)
    run = run_again(states, session.client("s3"), outputs["data_bucket"], machine)
    span = run["startDate"].timestamp(), run["stopDate"].timestamp()
    functions = [f"{name}Function" for name in ("Ingestion", "Features", "Training")]
    trained = [gb_seconds for function in functions for gb_seconds in billed(events(function, *span))]
    history = states.get_execution_history(executionArn=run["executionArn"], maxResults=1000)["events"]
    watched = billed(events("MonitoringFunction", time.time() - 24 * 3600, time.time()))
    return Measured(
        use_case=schema["name"],
        prediction=sum(billed(served)) / len(billed(served)),
        log_bytes=sum(len(line.encode()) + 26 for line in served) / PREDICTIONS,  # 26: CloudWatch's own share
        answer_bytes=sum(answers) / PREDICTIONS,
        retraining=sum(trained),
        invocations=len(trained),
        transitions=sum(event["type"].endswith("StateEntered") for event in history) + 1,
        minute=sum(watched) / len(watched) if watched else 0.0,
    )


def run_again(states: Any, s3: Any, bucket: str, machine: str) -> Any:
    """Run the pipeline on the newest dataset file; returns the finished execution."""
    files = s3.list_objects_v2(Bucket=bucket, Prefix="raw/")["Contents"]
    newest = max(files, key=lambda file: file["LastModified"])["Key"]
    document = json.dumps({"bucket": bucket, "key": newest})
    started = states.start_execution(stateMachineArn=machine, input=document)["executionArn"]
    while (run := states.describe_execution(executionArn=started))["status"] == "RUNNING":
        time.sleep(0.5)
    if run["status"] != "SUCCEEDED":
        sys.exit(f"✗ The pipeline failed: {run.get('cause')}")
    time.sleep(2)  # what the functions logged arrives within a second
    return run


def call(url: str, body: bytes | None = None) -> bytes:
    """The answer to one request; a body makes it a POST of JSON."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: bytes = response.read()
        return answer


def billed(lines: list[str]) -> list[float]:
    """GB-seconds of each invocation that the lines report."""
    reports = (REPORT.search(line) for line in lines)
    return [int(report[1]) / 1000 * int(report[2]) / 1024 for report in reports if report]


def retraining(measured: Measured) -> float:
    """Dollars for one run of the pipeline."""
    compute = measured.retraining * PRICES["lambda_gb_second"] + measured.invocations * PRICES["lambda_request"]
    return compute + measured.transitions * PRICES["state_transition"]


def month(measured: Measured, predictions: int) -> dict[str, float]:
    """Dollars a month by item, with one retraining a day."""
    stores = LARGE if predictions > 10_000_000 else SMALL
    minutes = HOURS * 60
    disk = DISK_GB + predictions * KEPT_MONTHS * ROW_BYTES / 1e9
    items = {
        "API Gateway": predictions * PRICES["api_request"],
        "Lambda, inference": predictions
        * (measured.prediction * PRICES["lambda_gb_second"] + PRICES["lambda_request"]),
        "Lambda, monitoring each minute": minutes
        * (measured.minute * PRICES["lambda_gb_second"] + PRICES["lambda_request"]),
        "30 retrainings": 30 * retraining(measured),
        "Logs": predictions * measured.log_bytes / 1e9 * PRICES["log_gb"],
        "Answers, data transfer out": predictions * measured.answer_bytes / 1e9 * PRICES["out_gb"],
        f"PostgreSQL ({SMALL.database}; {LARGE.database} over 10 M)": stores.database_hour * HOURS
        + disk * PRICES["disk_gb_month"],
        f"Valkey ({SMALL.cache}; {LARGE.cache} over 10 M)": stores.cache_hour * HOURS,
        "NAT gateway": PRICES["nat_hour"] * HOURS,
        "Secrets, key, alarms": SECRETS * PRICES["secret_month"]
        + KEYS * PRICES["key_month"]
        + ALARMS * PRICES["alarm_month"],
    }
    return {**items, "total": sum(items.values())}


TEXT = """# What it costs on AWS

Made by `make cost` from GB-seconds measured on the embedded cloud with the use case {m.use_case}. There a function has
a whole core whatever its memory; on Lambda one with 1,024 MB has 0.58 of a core, so compute may cost up to 1.7 times as
much. Prices: us-east-1, on demand, as listed on aws.amazon.com in {as_of}, no free tier, single zone
(`infra/aws/deploy.sh dev`).

| measured | |
|---|---|
| a prediction | {m.prediction:.5f} GB-s, {m.log_bytes:,.0f} bytes of log, {m.answer_bytes:,.0f} of answer |
| a retraining | {m.retraining:.1f} GB-s in {m.invocations} invocations, {m.transitions} state transitions |
| a minute of monitoring | {m.minute:.4f} GB-s |

**A retraining costs {retraining:.4f} US dollars.**

{table}

Up to a million predictions most of the price is for stores and the NAT gateway, which run all the time; beyond that it
is API Gateway's: an HTTP API in front of the same function costs less than a third. A hundred million a month are 38 a
second on average.
"""


def page(measured: Measured) -> str:
    """The text of docs/cost.md."""
    months = {volume: month(measured, volume) for volume in VOLUMES}
    head = ["US dollars a month", *(f"{volume:,} predictions" for volume in VOLUMES)]
    rows = [[name, *(f"{items[name]:,.2f}" for items in months.values())] for name in months[VOLUMES[0]]]
    rows.append(["total per prediction", *(f"{items['total'] / volume:.7f}" for volume, items in months.items())])
    lines = [head, ["---", *["---:"] * len(VOLUMES)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return TEXT.format(as_of=PRICES_AS_OF, m=measured, retraining=retraining(measured), table=table)


if __name__ == "__main__":
    sys.exit(main())
