"""A release: a stack beside the one that serves, proved before it takes over.

    build → create the new stack, its triggers off → migrate the database → smoke test → triggers and outputs switch
    → the old drains and goes

Whatever fails before the switch leaves the old stack serving; what waits in its queues goes to the new one's.
The stack that the document `deployment` names is the one that serves. After an interruption the next `up` first turns
its triggers on and removes every other stack.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded_cloud import artifacts, stack
from embedded_cloud.aws import Aws
from embedded_cloud.packaging import package
from embedded_cloud.progress import say, step
from embedded_cloud.stack import Stack
from embedded_cloud.state import State

ARTIFACTS_BUCKET = "embedded-cloud-artifacts"
DRAIN_SECONDS = 3  # for requests by callers who read the outputs just before the switch
STILL_SERVES = "Mend template.yaml; what served before still serves"
RUNS_TIMEOUT_SECONDS = 900  # as long as a function may run


@dataclass(frozen=True, slots=True)
class Release:
    """What is to be deployed. `triggers` are the logical names of the rules that only the serving stack may have on.

    `in_place`: LocalStack sees the build's folders.
    """

    project: str
    build: Path
    parameters: Mapping[str, str]
    triggers: Sequence[str]
    in_place: bool = False

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
    if old:
        _turn(aws, old, release.triggers, enabled=True)
    for name in stack.names(aws, f"{release.project}-"):
        if not old or name != old.name:
            with step(f"Removing {name}, left by an interrupted deployment"):
                _retire(aws, name, release.triggers, old)
    if old and old.name == release.stack_name:
        switch(old)  # the site may have changed though the stack has not
        return old
    for document in ("release", "deployment"):
        artifacts.hold(release.build, state.path(document))
    state.write("release", {"stack": release.stack_name, "build": release.build.name})
    with step("Uploading the template" if release.in_place else "Uploading the artifacts"):
        aws.client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)
        template_url = package(aws, release.build, ARTIFACTS_BUCKET, in_place=release.in_place)
    with step(f"Creating stack {release.stack_name}"):
        new = stack.create(aws, release.stack_name, template_url, release.parameters, STILL_SERVES)
    try:
        with step("Database schema"):
            migrate(new)
        with step("Smoke test"):
            prove(new)
    except BaseException:
        stack.delete(aws, new.name)
        raise
    _turn(aws, new, release.triggers, enabled=True)
    if old:
        _turn(aws, old, release.triggers, enabled=False)
    switch(new)
    state.write("deployment", {"stack": new.name, "build": release.build.name})
    if old:
        with step(f"Retiring {old.name}"):
            _retire(aws, old.name, release.triggers, new)
    return new


def _turn(aws: Aws, its: Stack, triggers: Iterable[str], *, enabled: bool) -> None:
    """Turn a stack's triggers on or off; an older one may not have them all."""
    for trigger in triggers:
        if trigger in its.resources.get("AWS::Events::Rule", {}):
            stack.set_rule(aws, its, trigger, enabled=enabled)


def _retire(aws: Aws, name: str, triggers: Iterable[str], heir: Stack | None) -> None:
    """Delete a stack once its runs have ended; what waits in its queues goes to its heir."""
    try:
        its = stack.describe(aws, name)
    except KeyError:  # it never became whole, so it never served
        stack.delete(aws, name)
        return
    _turn(aws, its, triggers, enabled=False)
    for run in stack.drain(aws, its, RUNS_TIMEOUT_SECONDS):
        say(f"Run {run} was under way for more than {RUNS_TIMEOUT_SECONDS} s and is cut short: start it again")
    time.sleep(DRAIN_SECONDS)
    if heir:
        stack.hand_over_messages(aws, its, heir)
    stack.delete(aws, name)
