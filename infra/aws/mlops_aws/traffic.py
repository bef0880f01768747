"""Traffic moved from one version to the next: a share first, then all, and back by itself if something is wrong."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say, step
from mlops_aws.account import Account
from mlops_aws.environments import Traffic
from mlops_aws.versions import ALIAS, Live

POLL_SECONDS = 10.0


def shift(live: Live, old: str, new: str, traffic: Traffic, watch: Callable[[], None]) -> None:
    """Move the alias from `old` to `new`; `watch` raises CloudError if the new version must not have more requests.

    Whatever ends this before its end, an interrupt too, leaves all requests with `old`.
    """
    try:
        with step(f"Version {new} gets {traffic.first_share:.0%} of the requests for {traffic.seconds:.0f} s"):
            live.point_to(old, {new: traffic.first_share})
            end = time.monotonic() + traffic.seconds
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(POLL_SECONDS, left))
                watch()
        live.point_to(new)
    except BaseException:
        live.point_to(old)
        say(f"All requests go to version {old} again")
        raise
    say(f"Version {new} gets all requests")


def watcher(account: Account, live: Live, new: str, alarms: list[str], proof: Callable[[], None]) -> Callable[[], None]:
    """What is looked at while the new version has a share: its errors, the stack's alarms, and its answer again.

    An alarm that was there before is not the new version's.
    """
    began = datetime.now(UTC)
    before = _alarming(account, alarms)

    def watch() -> None:
        if raised := _alarming(account, alarms) - before:
            raise CloudError(f"Alarm while version {new} had a share of the requests: {', '.join(sorted(raised))}", LOG)
        if errors := _errors(account, live, new, began):
            raise CloudError(f"Version {new} failed {errors:.0f} requests of its share", LOG)
        proof()

    return watch


LOG = "Look at the inference function's log, then deploy again"


def _alarming(account: Account, alarms: list[str]) -> set[str]:
    if not alarms:
        return set()
    described = account.client("cloudwatch").describe_alarms(AlarmNames=alarms, StateValue="ALARM")
    return {each["AlarmName"] for each in described["MetricAlarms"]}


def _errors(account: Account, live: Live, version: str, began: datetime) -> float:
    """Invocations of a version through the alias that failed or timed out since a time."""
    dimensions = {"FunctionName": live.function, "Resource": f"{live.function}:{ALIAS}", "ExecutedVersion": version}
    points = account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=began.replace(second=0, microsecond=0),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))
