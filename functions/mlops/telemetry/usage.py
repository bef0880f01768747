"""What Lambda says that invocations took: one REPORT line each in the function's log, on every cloud the same.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
"""

import re

from mlops.telemetry import metrics

# Dollars, x86 in us-east-1 (https://aws.amazon.com/lambda/pricing/).
GB_SECOND, INVOCATION = 0.0000166667, 0.0000002
MARK = "REPORT RequestId"
_FIELD = re.compile(r"(Billed Duration|Memory Size|Init Duration): ([0-9.]+)")
_STATUS = re.compile(r"Status: (\w+)")


def observations(function: str, line: str) -> metrics.Observations:
    """What one REPORT line adds to the totals; a function's cost is an estimate, for it knows no free tier."""
    found = {name: float(value) for name, value in _FIELD.findall(line)}
    gb_seconds = found.get("Billed Duration", 0) / 1000 * found.get("Memory Size", 0) / 1024
    status = _STATUS.search(line)
    counted = {
        metrics.INVOCATIONS: 1,
        metrics.GB_SECONDS: gb_seconds,
        metrics.COST: gb_seconds * GB_SECOND + INVOCATION,
        metrics.INITS: int("Init Duration" in found),
        metrics.INIT_SECONDS: found.get("Init Duration", 0) / 1000,
    }
    named = {metrics.named(metric.name, function): value for metric, value in counted.items() if value}
    return named | ({metrics.named(metrics.FAILURES.name, function, status[1]): 1} if status else {})
