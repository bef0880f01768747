"""The commands on any SAM project: `embedded-cloud up`, `down`, `status`, `outputs`, `invoke`, `logs`, `dev`,
`sam-env`."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from embedded_cloud import (
    addresses,
    development,
    mirror,
    processes,
    profile,
    sam_build,
    sam_deploy,
    sam_local,
    sources,
    template,
)
from embedded_cloud.cloud import Cloud, python_runtime
from embedded_cloud.engine import service as engine
from embedded_cloud.environments import Environments, home
from embedded_cloud.errors import CloudError
from embedded_cloud.profile import Profile
from embedded_cloud.progress import answer, console, progress, say, step
from embedded_cloud.sandbox import isolation
from embedded_cloud.state import State

STATE = ".embedded-cloud"  # of a project: everything that its cloud remembers
SHOWN_EVENTS = 200


def up(given: Namespace) -> None:
    """Build the project, start its servers, deploy it; each only if it is not done yet."""
    began = time.monotonic()
    its = profile.read(given.folder)
    cloud, environments = _cloud(its), Environments(home())
    with cloud.state.locked():
        (cloud.state.root / ".gitignore").write_text("*\n")
        started: list[str] = []
        try:
            stack = _up(cloud, its, environments, adapt=given.adapt or its.adapt, started=started)
        except BaseException:
            if started:
                progress.print("[yellow]Stopping what was started[/yellow]")
                cloud.stop(tuple(started))
            raise
        cloud.state.write("outputs", addresses.outputs(cloud, stack))
    answer(f"{its.stack_name} is up in {time.monotonic() - began:.0f} s")
    _show(cloud.state.read("outputs"))


def down(given: Namespace) -> None:
    """Stop every process of this project's cloud; what its stores and mirrored buckets hold stays for the next `up`."""
    cloud = _cloud(profile.read(given.folder))
    with cloud.state.locked():
        stopped = cloud.stop()
        for orphan in processes.find(cloud.state.root):
            orphan.kill()
        cloud.state.path("outputs").unlink(missing_ok=True)
    answer("Nothing of this cloud is running" + ("" if stopped else ", nothing was"))


def status(given: Namespace) -> None:
    """What runs, where, and how much memory it takes."""
    its = profile.read(given.folder)
    cloud = _cloud(its)
    table = Table("service", "process", "address", "memory", box=None)
    for name in cloud.services:
        process = cloud.running(name)
        address = f"127.0.0.1:{cloud.ports[name]}" if process else ""
        memory = f"{processes.memory(process) / 2**20:.0f} MB" if process else ""
        table.add_row(name, str(process.pid) if process else "[red]stopped[/red]", address, memory)
    console.print(table)
    console.print(isolation.described())
    known = cloud.state.read("outputs") if cloud.running("localstack") else {}
    console.print(f"stack {known['stack_name'] if known else '[red]none[/red]'}")


def outputs(given: Namespace) -> None:
    """The stack's outputs, addresses and names as one JSON object."""
    print(json.dumps(_known(given), indent=2))


def sam_env(given: Namespace) -> None:
    """What lets `sam local` run functions as processes, without Docker: eval "$(embedded-cloud sam-env)"."""
    cloud, environments = _cloud(profile.read(given.folder)), Environments(home())
    with cloud.state.locked():
        (cloud.state.root / ".gitignore").write_text("*\n")
        python = environments.runtime(python_runtime()) / "bin" / "python"
        docker_host = engine.ensure(cloud.state.root, python, cloud.state.root / "logs" / f"{engine.NAME}.log")
    exported, of_cloud = {}, cloud.state.root / "sam-local.json"
    if known := cloud.state.read("outputs") if cloud.running("localstack") else {}:
        exported["AWS_ENDPOINT_URL"] = known["endpoint_url"]
        sam_local.write(of_cloud, sam_local.variables(known, known["endpoint_url"], None))
        say(f"The variables of deployed functions: sam local invoke --env-vars {of_cloud.relative_to(given.folder)}")
    print(sam_local.shell(exported, [environments.sam() / "bin"], docker_host))


def invoke(given: Namespace) -> None:
    """A function's answer to an event: JSON, a file with it, or ``-`` for what comes by standard input."""
    cloud, known = _cloud(profile.read(given.folder)), _known(given)
    payload = _event(given.event)
    answered = cloud.aws.client("lambda").invoke(FunctionName=_deployed(known, given.function), Payload=payload)
    print(answered["Payload"].read().decode())
    if "FunctionError" in answered:
        raise CloudError(f"{given.function} failed", f"embedded-cloud logs {given.function}")


def logs(given: Namespace) -> None:
    """The last events of a function's log, or of all functions'."""
    cloud, known = _cloud(profile.read(given.folder)), _known(given)
    client, found = cloud.aws.client("logs"), []
    for name in [given.function] if given.function else known["functions"]:
        group = f"/aws/lambda/{_deployed(known, name)}"
        try:
            events = client.filter_log_events(logGroupName=group, limit=10_000)["events"]
        except client.exceptions.ResourceNotFoundException:
            continue  # it was never invoked
        found += [(event["timestamp"], name, event["message"].rstrip()) for event in events]
    for timestamp, name, message in sorted(found, key=lambda event: event[0])[-SHOWN_EVENTS:]:
        print(f"{datetime.fromtimestamp(timestamp / 1000, UTC):%H:%M:%S.%f} {name} {message}")


def dev(given: Namespace) -> None:
    """Run Python functions from their sources as these are edited, and show all functions' logs, until interrupted."""
    its = profile.read(given.folder)
    cloud, known = _cloud(its), _known(given)
    read = template.read(its.template_file)
    defaults = (read.get("Globals") or {}).get("Function") or {}
    folders = {}
    for name, function in template.of_type(read, *sources.FUNCTIONS).items():
        properties = {**defaults, **function.get("Properties", {})}
        _, where = sources.code(properties)
        if str(properties.get("Runtime", "")).startswith("python") and isinstance(where, str):
            folders[_deployed(known, name)] = [its.template_file.parent / where]
    with development.hot_reload(cloud.aws, folders):
        say(f"The next invocation runs what the sources of {len(folders)} functions are then. Ctrl-C ends this.")
        for name, message in development.tail(cloud.aws, known["functions"]):
            console.print(f"[cyan]{name}[/cyan] {escape(message)}")


def _up(cloud: Cloud, its: Profile, environments: Environments, *, adapt: bool, started: list[str]) -> Any:
    prepared = sources.prepared(its, environments, adapt=adapt)
    environments.localstack()
    for runtime in {python_runtime(), *prepared.pythons}:
        environments.runtime(runtime)
    with ThreadPoolExecutor(1) as background:
        log = cloud.state.logs / "build.log"
        built = background.submit(sam_build.build, its, prepared, cloud.state.root, environments, log)
        for name in cloud.start():
            started.append(name)  # noqa: PERF402 - what failed to start is in the list too
        with step("Build"):
            build = built.result()
    if "localstack" in started and cloud.mirrored:
        mirror.restore(cloud.aws.client("s3"), cloud.state.mirror)
    stack = sam_deploy.deploy(cloud, its, build)
    sam_build.forget_old(build.parent, build)
    return stack


def _cloud(its: Profile) -> Cloud:
    return Cloud(State(its.folder / STATE), home(), (*its.services, "localstack"), its.mirrored)


def _known(given: Namespace) -> dict[str, Any]:
    """The outputs of the project's cloud; CloudError where it is not up."""
    cloud = _cloud(profile.read(given.folder))
    known = cloud.state.read("outputs")
    if not known or not cloud.running("localstack"):
        raise CloudError(f"No cloud is up in {given.folder}", "embedded-cloud up")
    return known


def _deployed(known: Mapping[str, Any], function: str) -> str:
    if function not in known["functions"]:
        raise CloudError(f"There is no function {function}", f"One of {', '.join(sorted(known['functions']))}")
    name: str = known["functions"][function]
    return name


def _event(given: str) -> bytes:
    """An event's JSON; CloudError where it is none."""
    if given == "-":
        content = sys.stdin.read()
    else:
        content = (
            Path(given).read_text()
            if not given.lstrip().startswith(("{", "[", '"')) and Path(given).is_file()
            else given
        )
    try:
        json.loads(content)
    except ValueError as error:
        raise CloudError(f"The event is no JSON: {error}", "Give JSON, the name of a file with it, or -") from error
    return content.encode()


def _show(known: Mapping[str, Any]) -> None:
    for name, value in {**known["outputs"], **{f"API {name}": url for name, url in known["apis"].items()}}.items():
        console.print(f"  [cyan]{escape(name)}[/cyan]  {escape(str(value))}")
    console.print(f"  functions  {', '.join(known['functions']) or 'none'}")
