"""docs/cost.md: what AWS would charge a month, from GB-seconds measured on the running cloud and prices stated here.

Run by `make cost`. It sends predictions, runs the pipeline on the newest list, which changes nothing, and reads the
REPORT lines of the functions' logs.
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
PASSENGER = Path(__file__).parents[1] / "functions" / "inference" / "events" / "passenger.json"
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
    """What one of each costs in GB-seconds, and what a prediction leaves in the log and sends out."""

    prediction: float
    log_bytes: float
    answer_bytes: float
    retraining: float
    invocations: int
    transitions: int
    minute: float


def main() -> int:
    outputs = json.load(sys.stdin)
    found = measure(outputs)
    PAGE.write_text(page(found))
    print(f"✓ {PAGE.name}: {month(found, VOLUMES[1])['total']:,.2f} dollars a month at {VOLUMES[1]:,} predictions")  # noqa: T201
    return 0


def measure(outputs: Mapping[str, Any]) -> Measured:
    """From the logs of the cloud's functions."""
    session = Session("test", "test", localstack_host=outputs["endpoint_url"].removeprefix("http://"))
    logs, states, machine = session.client("logs"), session.client("stepfunctions"), outputs["pipeline_arn"]

    def events(function: str, since: float, until: float) -> list[str]:
        group = f"/aws/lambda/{outputs['functions'][function]}"
        window = {"startTime": int(since * 1000), "endTime": int(until * 1000) + 1000}
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **window)
        return [event["message"] for page in pages for event in page["events"]]

    ask(outputs["api_url"])
    began = time.time()
    answers = [ask(outputs["api_url"]) for _ in range(PREDICTIONS)]
    while len(billed(served := events("InferenceFunction", began, time.time()))) < PREDICTIONS:
        time.sleep(0.5)
    run = run_again(states, session.client("s3"), outputs["data_bucket"], machine)
    span = run["startDate"].timestamp(), run["stopDate"].timestamp()
    trained = [
        one for name in ("Ingestion", "Features", "Training") for one in billed(events(f"{name}Function", *span))
    ]
    history = states.get_execution_history(executionArn=run["executionArn"], maxResults=1000)["events"]
    watched = billed(events("MonitoringFunction", time.time() - 24 * 3600, time.time()))
    return Measured(
        prediction=sum(billed(served)) / len(billed(served)),
        log_bytes=sum(len(line.encode()) + 26 for line in served) / PREDICTIONS,  # 26: CloudWatch's own share
        answer_bytes=sum(answers) / PREDICTIONS,
        retraining=sum(trained),
        invocations=len(trained),
        transitions=sum(event["type"].endswith("StateEntered") for event in history) + 1,
        minute=sum(watched) / len(watched) if watched else 0.0,
    )


def run_again(states: Any, s3: Any, bucket: str, machine: str) -> Any:
    """A pipeline run on the newest list, when it is done."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="raw/")["Contents"]
    newest = max(listed, key=lambda each: each["LastModified"])["Key"]
    document = json.dumps({"bucket": bucket, "key": newest})
    started = states.start_execution(stateMachineArn=machine, input=document)["executionArn"]
    while (run := states.describe_execution(executionArn=started))["status"] == "RUNNING":
        time.sleep(0.5)
    if run["status"] != "SUCCEEDED":
        sys.exit(f"✗ The pipeline failed: {run.get('cause')}")
    time.sleep(2)  # what the functions logged arrives within a second
    return run


def ask(api: str) -> int:
    """One prediction; returns how long its answer is."""
    request = urllib.request.Request(f"{api}/predict", PASSENGER.read_bytes(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return len(response.read())


def billed(lines: list[str]) -> list[float]:
    """GB-seconds of each invocation that the lines report."""
    found = (REPORT.search(line) for line in lines)
    return [int(one[1]) / 1000 * int(one[2]) / 1024 for one in found if one]


def retraining(found: Measured) -> float:
    """Dollars for one run of the pipeline."""
    compute = found.retraining * PRICES["lambda_gb_second"] + found.invocations * PRICES["lambda_request"]
    return compute + found.transitions * PRICES["state_transition"]


def month(found: Measured, predictions: int) -> dict[str, float]:
    """Dollars a month by item, with one retraining a day."""
    stores = LARGE if predictions > 10_000_000 else SMALL
    minutes = HOURS * 60
    disk = DISK_GB + predictions * KEPT_MONTHS * ROW_BYTES / 1e9
    items = {
        "API Gateway": predictions * PRICES["api_request"],
        "Lambda, inference": predictions * (found.prediction * PRICES["lambda_gb_second"] + PRICES["lambda_request"]),
        "Lambda, monitoring each minute": minutes
        * (found.minute * PRICES["lambda_gb_second"] + PRICES["lambda_request"]),
        "30 retrainings": 30 * retraining(found),
        "Logs": predictions * found.log_bytes / 1e9 * PRICES["log_gb"],
        "Answers, sent out": predictions * found.answer_bytes / 1e9 * PRICES["out_gb"],
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

Made by `make cost` from GB-seconds measured on the embedded cloud, where a function has a whole core whatever its
memory; on Lambda one with 1,024 MB has 0.58 of one, so compute may be up to 1.7 times as much. Prices: us-east-1, on
demand, as listed on aws.amazon.com in {as_of}, no free tier, single zone (`infra/aws/deploy.sh dev`).

| measured | |
|---|---|
| a prediction | {found.prediction:.5f} GB-s, {found.log_bytes:,.0f} bytes of log, {found.answer_bytes:,.0f} of answer |
| a retraining | {found.retraining:.1f} GB-s in {found.invocations} invocations, {found.transitions} state transitions |
| monitoring's minute | {found.minute:.4f} GB-s |

**A retraining costs {retraining:.4f} dollars.**

{table}

Up to a million predictions the price is that of the stores and the gateway that wait, beyond that API Gateway's: an
HTTP API before the same function costs less than a third. A hundred million a month are 38 a second on average.
"""


def page(found: Measured) -> str:
    """docs/cost.md."""
    months = {volume: month(found, volume) for volume in VOLUMES}
    head = ["US dollars a month", *(f"{volume:,} predictions" for volume in VOLUMES)]
    rows = [[name, *(f"{each[name]:,.2f}" for each in months.values())] for name in months[VOLUMES[0]]]
    rows.append(["total for each prediction", *(f"{each['total'] / volume:.7f}" for volume, each in months.items())])
    lines = [head, ["---", *["---:"] * len(VOLUMES)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return TEXT.format(as_of=PRICES_AS_OF, found=found, retraining=retraining(found), table=table)


if __name__ == "__main__":
    sys.exit(main())
