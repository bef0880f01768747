# ruff: noqa: E501 - a page of Markdown
"""Write docs/scale.md: what batch scoring takes by number of rows, measured on the running cloud, and what it would on AWS.

Run by `make scale`, which pipes in the cloud's outputs. SIZES names the numbers of rows.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

from cost_page import PRICES, PRICES_AS_OF

from bench.batch import Batch, score
from bench.plot import plot
from mlops.batch.layout import LARGEST

HERE = Path(__file__).parent
PAGE = HERE / "scale.md"
SIZES = [int(size) for size in os.environ.get("SIZES", "1000 10000 100000 1000000 10000000").split()]
FAR = 10**9
# Of a shard: reading request, plan (once an environment at best) and range; writing part, errors and mark; state
# transitions of its child execution; of a batch besides: its own transitions, and the listings.
READS, WRITES, TRANSITIONS = 4, 3, 3
CONCURRENCY = 100
ROW_BYTES = 79  # of a generated passenger list


def main() -> int:
    outputs = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        score(outputs, Path(folder), 1000, seed=1)
        batches = []
        for size in SIZES:
            batches.append(score(outputs, Path(folder), size))
            print(f"· {size:,} rows: {batches[-1].seconds:.1f} s", file=sys.stderr)  # noqa: T201
    rates = {each.rows: each.rows / each.seconds for each in batches}
    plot(HERE / "img" / "scale-rate.svg", "Rows a second, end to end, by rows", rates)
    prices = {each.rows: dollars(each) / each.rows * 1e6 for each in batches}
    plot(HERE / "img" / "scale-cost.svg", "US dollars a million rows on AWS, by rows", prices)
    PAGE.write_text(page(batches))
    return 0


def dollars(batch: Batch) -> float:
    """What these invocations, transitions and requests cost on AWS."""
    compute = batch.gb_seconds * PRICES["lambda_gb_second"] + batch.invocations * PRICES["lambda_request"]
    steps = (TRANSITIONS * batch.shards + 4) * PRICES["state_transition"]
    return compute + steps + batch.shards * (READS * PRICES["bucket_read"] + WRITES * PRICES["bucket_write"])


def far(batches: Sequence[Batch], rows: int) -> Mapping[str, float]:
    """A batch of so many rows on AWS: in shards of the largest size, at the largest batch's GB-seconds a row."""
    largest = max(batches, key=lambda each: each.rows)
    shards = ceil(rows * ROW_BYTES / LARGEST)
    gb_seconds = largest.gb_seconds / largest.rows * rows
    memory = 1769 / 1024
    batch = Batch(rows, 0, shards + 2, gb_seconds, largest.peak_mb, shards)
    return {
        "shards": shards,
        "seconds": gb_seconds / memory / min(CONCURRENCY, shards),
        "shard_seconds": gb_seconds / memory / shards,
        "gb_seconds": gb_seconds,
        "dollars": dollars(batch),
    }


TEXT = """# Batch scoring by number of rows

Made by `make scale` on the embedded cloud: generated passenger lists, `make batch` from the command's start to its end,
upload and download included, two functions of 1,769 MB at once on {cores} cores that also run the cloud.

| rows | seconds | rows/s | shards | GB-seconds | peak memory of a function | dollars a million rows on AWS |
|---:|---:|---:|---:|---:|---:|---:|
{rows}

![Rows a second](img/scale-rate.svg) ![Dollars a million rows](img/scale-cost.svg)

Small batches pay for starting: a cold start is billed, and a plan and a manifest are made for whatever number of rows.

## A thousand million rows on AWS

| | |
|---|---:|
| shards of {largest} MB | {far[shards]:,.0f} |
| seconds of one shard | {far[shard_seconds]:.1f} |
| GB-seconds | {far[gb_seconds]:,.0f} |
| minutes with {concurrency} functions at once | {minutes:.1f} |
| US dollars | {far[dollars]:,.2f} |

Assumed: a core there scores as many rows a second as one here does beside everything else that runs on this machine;
files of {megabytes:,.0f} MB and more are read at the speed of their shards; dividing them, which is one function's work
from beginning to end ({plan_minutes:.1f} minutes at 100 MB/s), is done beforehand. Prices: us-east-1, {as_of}.

| quota | value | what it means here | source |
|---|---|---|---|
| a function's duration | 900 s | one plan reads about 90 GB; more files are more batches | [Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html) |
| functions at once | 1,000 by default | `BatchConcurrency` leaves room for serving | the same |
| input and output of a state | 256 KiB | the list of shards is numbers, some 40,000 of them; results are in S3 | [Step Functions quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html) |
| child executions of a Distributed Map at once | 10,000 | never reached before the functions' | the same |
| events of an execution | 25,000 | each shard is an execution of its own | the same |
| requests a second and prefix | 3,500 writes, 5,500 reads | {concurrency} functions make about {requests:,.0f} | [S3 performance](https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html) |
| an object | 5 TB; 5 GB in one write | a part is far below | [S3 quotas](https://docs.aws.amazon.com/general/latest/gr/s3.html) |
"""


def page(batches: Sequence[Batch]) -> str:
    """The text of docs/scale.md."""
    rows = "\n".join(
        f"| {each.rows:,} | {each.seconds:.1f} | {each.rows / each.seconds:,.0f} | {each.shards} | {each.gb_seconds:.1f} "
        f"| {each.peak_mb} MB | {dollars(each) / each.rows * 1e6:.4f} |"
        for each in batches
    )
    found = far(batches, FAR)
    return TEXT.format(
        rows=rows,
        far=found,
        cores=os.cpu_count(),
        largest=LARGEST // 2**20,
        concurrency=CONCURRENCY,
        minutes=found["seconds"] / 60,
        megabytes=FAR * ROW_BYTES / 1e6,
        plan_minutes=FAR * ROW_BYTES / 1e8 / 60,
        as_of=PRICES_AS_OF,
        requests=CONCURRENCY / found["shard_seconds"] * (READS + WRITES),
    )


if __name__ == "__main__":
    sys.exit(main())
