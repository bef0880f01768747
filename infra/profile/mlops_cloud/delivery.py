"""The product onto running servers: built, deployed beside what serves, with a first champion."""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from embedded_cloud import artifacts, deployment
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say, step
from embedded_cloud.stack import Stack
from mlops_cloud import pipeline, project
from mlops_cloud.pipeline import NoChampionError, RunFailedError
from mlops_cloud.platform import Platform

Run = Mapping[str, Any]
REFUSAL = "refusal"


class StaleBuildError(CloudError):
    """The sources cannot be built, and the build that served last serves again."""

    def __init__(self, reason: CloudError) -> None:
        super().__init__(str(reason), "Until then the build that served last serves")


def deliver(
    cloud: Platform,
    checkout: Path,
    built: Future[Path],
    buckets: Callable[[], None],
    first: Callable[[Mapping[str, Any]], Run],
    lead_to: Callable[[Stack], None] = lambda _: None,
) -> Stack:
    """Make what is built serve, unless it does already; returns the stack that serves, with a champion.

    `buckets` creates the buckets where there is no stack yet; `first` runs the pipeline for the first time, given the
    addresses, and returns the run's output; `lead_to` turns a proxy to a stack, where there is one.
    Raises NoChampionError where everything is deployed and no model could be promoted, StaleBuildError where the
    sources cannot be built and LocalStack had lost the build that served: that one serves again.
    """
    serving = deployment.current(cloud.aws, cloud.state)
    broken: CloudError | None = None
    with step("Build"):
        try:
            folder = built.result()
        except CloudError as failure:
            folder = cloud.builds / cloud.state.read("deployment").get("build", "")
            if serving or not (folder / artifacts.DIGESTS).exists():
                raise
            broken = failure
    if broken:
        say("The sources cannot be built: the build that served last is deployed")
    parameters = project.parameters(cloud)
    release = deployment.Release(
        cloud.use_case.stack_prefix, folder, parameters, project.TRIGGERS, in_place=cloud.in_place
    )
    if not serving:
        buckets()
    served = project.champion(cloud, serving) if serving else None

    def prove(new: Stack) -> None:
        project.prove(cloud, new)
        if served and not project.champion(cloud, new):
            _say_unreadable(served["model_version"])
            pipeline.run_on_latest(cloud.aws, cloud.use_case.data_bucket, new.outputs["PipelineArn"])

    def switch(new: Stack) -> None:
        project.publish(cloud, checkout, new)
        lead_to(new)

    def migrate(new: Stack) -> None:
        project.migrate(cloud.aws, new.functions["IngestionFunction"])

    stack = deployment.deploy(cloud.aws, cloud.state, release, migrate, prove, switch)
    if not project.champion(cloud, stack):
        _first_champion(cloud, checkout, stack, first)
    if broken:
        raise StaleBuildError(broken)
    return stack


def _first_champion(cloud: Platform, checkout: Path, stack: Stack, first: Callable[[Mapping[str, Any]], Run]) -> None:
    """Train until a model serves. What was refused is remembered: the same code on the same table fails again."""
    table = hashlib.sha256((checkout / cloud.use_case.table).read_bytes()).hexdigest()
    tried, known = {"stack": stack.name, "table": table}, cloud.state.read(REFUSAL)
    if known and {**known, **tried} == known:
        raise _refused(cloud, known["reason"])
    try:
        run = _train(cloud, stack, first)
        for line in project.in_words(run):
            say(line)
        promotion = run["promotion"]
        reason = None if promotion["champion"] == promotion["model_version"] else promotion["reason"]
    except RunFailedError as failure:
        if failure.error not in pipeline.UNFIT:
            raise
        reason = f"{failure.error}: {failure.cause}"
    if reason:
        cloud.state.write(REFUSAL, {**tried, "reason": reason})
        raise _refused(cloud, reason)


def _train(cloud: Platform, stack: Stack, first: Callable[[Mapping[str, Any]], Run]) -> Run:
    """A run on the use case's table; on the newest files where there is a champion that this code cannot serve."""
    unreadable = project.appointed(cloud)
    if not unreadable:
        return first(project.outputs(cloud, stack))
    _say_unreadable(unreadable)
    return pipeline.run_on_latest(cloud.aws, cloud.use_case.data_bucket, stack.outputs["PipelineArn"])


def _say_unreadable(version: str) -> None:
    say(f"The new code cannot serve champion {version}: it trains one that it can")


def _refused(cloud: Platform, reason: str) -> CloudError:
    return NoChampionError(
        f"No model serves: {reason}",
        f"Everything else is running. Change the table or the use case, then {cloud.use_case.make_up}; "
        "every version and why it was refused: make models",
    )
