"""The clouds of one checkout: which one a command is about, and that at most one of them runs at a time.

The state folder of the default use case is `.local/cloud`, of any other `.local/cloud-NAME`.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from embedded_cloud import processes
from embedded_cloud.engine import service as engine
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say
from embedded_cloud.state import State
from mlops_cloud.cloud import Cloud, of_use_case
from mlops_cloud.use_case import DEFAULT, UseCase


def choose(home: Path, state: Path | None, name: str, *, starts: bool) -> Cloud:
    """The cloud that a command is about: in the given state folder, or of the use case that is named or up."""
    if state:
        known = _whose(State(state.resolve()))
        if known and name and name != known:
            raise CloudError(f"{state} is the state of use case {known}, not of {name}", "Name another folder as STATE")
        return of_use_case(State(state.resolve()), home / "envs", UseCase(name or known or DEFAULT))
    if not name and not starts:
        name = next((cloud.use_case.name for cloud in clouds(home) if runs(cloud)), "")
    use_case = UseCase(name or DEFAULT).validated()
    return of_use_case(State(home / _folder(use_case)), home / "envs", use_case)


def stop(cloud: Cloud) -> list[str]:
    """Stop every process of a cloud; returns the services that were running."""
    engine.stop(cloud.state.root)
    stopped = cloud.stop()
    for orphan in processes.find(cloud.state.root):
        with suppress(psutil.NoSuchProcess):
            orphan.kill()
    (cloud.state.root / "outputs.json").unlink(missing_ok=True)
    return stopped


def _whose(state: State) -> str:
    """The use case that a state folder is of; older folders do not say, and are of the default one."""
    name: str = state.read("use_case").get("name", DEFAULT if state.read("deployment") else "")
    return name


def _folder(use_case: UseCase) -> str:
    return "cloud" if use_case.name == DEFAULT else f"cloud-{use_case.name}"


def clouds(home: Path) -> Iterator[Cloud]:
    """The clouds of this checkout, running or not."""
    for root in sorted(home.glob("cloud*/")):
        name = root.name.removeprefix("cloud").removeprefix("-") or DEFAULT
        if root.name == _folder(UseCase(name)):
            yield of_use_case(State(root), home / "envs", UseCase(name))


def runs(cloud: Cloud) -> bool:
    """Whether any process of a cloud is there."""
    return next(processes.find(cloud.state.root), None) is not None


def claim(cloud: Cloud, others: Sequence[Cloud]) -> None:
    """Make way for this use case's cloud: at most one of a checkout runs at a time."""
    for other in others:
        if other.use_case != cloud.use_case and runs(other):
            before = other.use_case
            say(f"Stopping the cloud of use case {before.name}; its data stays, and {before.make_up} starts it again")
            stop(other)
    cloud.state.write("use_case", {"name": cloud.use_case.name})
