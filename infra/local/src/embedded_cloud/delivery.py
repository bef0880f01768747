"""The product onto running servers: built, deployed beside what serves, with a first champion."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from embedded_cloud import deployment, pipeline, project
from embedded_cloud.platform import Platform
from embedded_cloud.progress import say, step
from embedded_cloud.stack import Stack

FirstRun = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def deliver(
    cloud: Platform,
    checkout: Path,
    built: Future[Path],
    buckets: Callable[[], None],
    first: FirstRun,
    lead_to: Callable[[Stack], None] = lambda _: None,
) -> Stack:
    """Make what is built serve, unless it does already; returns the stack that serves, with a champion.

    `buckets` makes the buckets where there is no stack yet; `first` runs the pipeline for the first time, given the
    addresses, and returns the run's output; `lead_to` turns a proxy to a stack, where there is one.
    """
    with step("sam build"):
        release = deployment.Release(project.NAME, built.result(), project.parameters(cloud), project.TRIGGERS)
    serving = deployment.current(cloud.aws, cloud.state)
    if not serving:
        buckets()
    served = project.champion(cloud, serving) if serving else None

    def proved(new: Stack) -> None:
        project.prove(cloud, new)
        if served and not project.champion(cloud, new):
            say(f"The new code cannot serve champion {served['model_version']}: it trains one that it can")
            pipeline.run_on_latest(cloud.aws, project.DATA, new.outputs["PipelineArn"])

    def switch(new: Stack) -> None:
        project.publish(cloud, checkout / "web", project.outputs(cloud, new))
        lead_to(new)

    stack = deployment.deploy(cloud.aws, cloud.state, release, proved, switch)
    if not project.champion(cloud, stack):
        for line in project.in_words(first(project.outputs(cloud, stack))):
            say(line)
    return stack
