"""A release: a stack beside the one that serves, proved before it takes over.

    build → create the new stack, its triggers off → migrate the database → smoke test → triggers and outputs switch
    → the old drains and goes

Whatever fails before the switch leaves the old stack serving; what waits in its queues goes to the new one's.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded_cloud import stack
from embedded_cloud.aws import Aws
from embedded_cloud.progress import step
from embedded_cloud.stack import Stack
from embedded_cloud.state import State

ARTIFACTS_BUCKET = "embedded-cloud-artifacts"
DRAIN_SECONDS = 3  # for requests by callers who read the outputs just before the switch
RUNS_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Release:
    """What is to be deployed. `triggers` are the logical names of the rules that only the serving stack may have on."""

    project: str
    build: Path
    parameters: Mapping[str, str]
    triggers: Sequence[str]

    @property
    def stack_name(self) -> str:
        """Named by content: the same build with the same parameters is the same stack."""
        content = json.dumps([self.build.name, sorted(self.parameters.items())])
        return f"{self.project}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def current(aws: Aws, state: State) -> Stack | None:
    """The stack that serves now, if LocalStack still has it."""
    try:
        return stack.describe(aws, state.read("deployment")["stack"])
    except KeyError:
        return None


def deploy(
    aws: Aws,
    state: State,
    release: Release,
    migrate: Callable[[Stack], None],
    prove: Callable[[Stack], None],
    switch: Callable[[Stack], None],
) -> Stack:
    """Make a release serve, unless it does already.

    `migrate` and `prove` raise if the new stack cannot serve; `switch` publishes its addresses.
    """
    old = current(aws, state)
    if old and old.name == release.stack_name:
        switch(old)  # the site may have changed though the stack has not
        return old
    for leftover in stack.names(aws, f"{release.project}-"):
        if not old or leftover != old.name:
            with step(f"Removing {leftover}, left by an interrupted deployment"):
                stack.delete(aws, leftover)
    with step("Uploading the artifacts"):
        aws.client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)
        template_url = stack.package(aws, release.build, ARTIFACTS_BUCKET)
    with step(f"Creating stack {release.stack_name}"):
        new = stack.create(aws, release.stack_name, template_url, release.parameters)
    try:
        with step("Database schema"):
            migrate(new)
        with step("Smoke test"):
            prove(new)
    except BaseException:
        stack.delete(aws, new.name)
        raise
    for trigger in release.triggers:
        stack.set_rule(aws, new, trigger, enabled=True)
        if old and trigger in old.resources["AWS::Events::Rule"]:
            stack.set_rule(aws, old, trigger, enabled=False)
    switch(new)
    state.write("deployment", {"stack": new.name, "build": release.build.name})
    if old:
        with step(f"Retiring {old.name}"):
            stack.drain(aws, old, RUNS_TIMEOUT_SECONDS)
            time.sleep(DRAIN_SECONDS)
            stack.hand_over_messages(aws, old, new)
            stack.delete(aws, old.name)
    return new
