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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prices
from localstack_client.session import Session

PAGE = Path(__file__).parent / "cost.md"
REPORT = re.compile(r"Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB")
PREDICTIONS = 300
HOURS = 730  # a month of AWS's calculator
VOLUMES = (1_000, 1_000_000, 100_000_000)

PRICES = {name: price.dollars for name, price in prices.read().items()}
PRICES_AS_OF = prices.oldest(prices.read())
SECRETS, KEYS, ALARMS, DISK_GB = 6, 1, 6, 20
METRICS_GB = 0.1  # a month of RDS's enhanced monitoring, a line of 2 KB each minute
# Assumed, and together less than a hundredth of the total.
NAT_GB = 1.0  # a month: answers of Secrets Manager, EventBridge, Step Functions and SQS to monitoring and the API
MODELS_GB = 1.0  # 30 models, 30 datasets, and the old versions of both
S3_READS, S3_WRITES = 30, 30  # of a run of the pipeline
ROW_BYTES = 1_000  # of a logged prediction in PostgreSQL, its index included
KEPT_MONTHS = 3  # PREDICTION_RETENTION_DAYS


@dataclass(frozen=True, slots=True)
class Stores:
    """PostgreSQL's and Valkey's instances, with their prices an hour."""

    database: str
    database_hour: float
    cache: str
    cache_hour: float


SMALL = Stores("db.t4g.micro", PRICES["small_database_hour"], "cache.t4g.micro", PRICES["small_cache_hour"])
LARGE = Stores("db.r7g.large", PRICES["large_database_hour"], "cache.r7g.large", PRICES["large_cache_hour"])


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
    age = max(price.months(datetime.now(UTC).date()) for price in prices.read().values())
    sys.stderr.write(f"· The oldest price is of {PRICES_AS_OF}, {age} months ago: docs/prices.toml\n")
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
    # What functions fetch from AWS but S3 comes through the NAT gateway: above all the log lines that monitoring reads.
    through_nat = NAT_GB + predictions * measured.log_bytes / 1e9
    disk = DISK_GB + predictions * KEPT_MONTHS * ROW_BYTES / 1e9
    items = {
        "API Gateway": predictions * PRICES["api_request"],
        "Lambda, inference": predictions
        * (measured.prediction * PRICES["lambda_gb_second"] + PRICES["lambda_request"]),
        "Lambda, monitoring each minute": minutes
        * (measured.minute * PRICES["lambda_gb_second"] + PRICES["lambda_request"]),
        "30 retrainings": 30 * retraining(measured),
        "Logs, kept for 14 days": (predictions * measured.log_bytes / 1e9 + METRICS_GB)
        * (PRICES["log_gb"] + PRICES["log_gb_month"] / 2),
        "Answers, data transfer out": predictions * measured.answer_bytes / 1e9 * PRICES["out_gb"],
        f"PostgreSQL ({SMALL.database}; {LARGE.database} over 10 M)": stores.database_hour * HOURS
        + disk * PRICES["disk_gb_month"],
        f"Valkey ({SMALL.cache}; {LARGE.cache} over 10 M)": stores.cache_hour * HOURS,
        "NAT gateway": PRICES["nat_hour"] * HOURS + through_nat * PRICES["nat_gb"],
        "Public IPv4 address of the NAT gateway": PRICES["public_ipv4_hour"] * HOURS,
        "Buckets": MODELS_GB * PRICES["bucket_gb_month"]
        + 30 * (S3_WRITES * PRICES["bucket_write"] + S3_READS * PRICES["bucket_read"]),
        "Secrets, key, alarms": SECRETS * PRICES["secret_month"]
        + KEYS * PRICES["key_month"]
        + ALARMS * PRICES["alarm_month"],
    }
    traced = {"X-Ray (`prod` only, all requests)": predictions * PRICES["trace"]}
    return {**items, "total": sum(items.values()), **traced}


TEXT = """# What it costs on AWS

Made by `make cost` from GB-seconds measured on the embedded cloud with the use case {m.use_case}. There a function has
a whole core whatever its memory; on Lambda one with 1,024 MB has 0.58 of a core, so compute may cost up to 1.7 times as
much. Prices: us-east-1, on demand, no free tier, single zone (`make deploy ENV=dev`), as listed in {as_of}
([table with sources](prices.toml); `make prices` tells their age). S3 is reached without the NAT gateway.

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
