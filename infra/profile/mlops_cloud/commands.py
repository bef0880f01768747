"""The commands about any cloud: starting and stopping it, looking at it, calling its functions."""

import json
import shutil
import time
from argparse import Namespace
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from embedded_cloud import deployment, development, forwarder, processes
from embedded_cloud.aws import Aws
from embedded_cloud.engine import service as engine
from embedded_cloud.errors import CloudError
from embedded_cloud.mirror import restore
from embedded_cloud.progress import answer, console, progress, say, step
from embedded_cloud.sam_local import variables as sam_variables
from embedded_cloud.sam_local import write
from mlops_cloud import build, checkout, compose, project, sam_local
from mlops_cloud.cloud import ON_DEMAND, SERVICES, Cloud
from mlops_cloud.delivery import StaleBuildError, deliver
from mlops_cloud.known import anywhere, deployed, here, not_running
from mlops_cloud.pipeline import NoChampionError, upload_and_follow
from mlops_cloud.summary import summarise

DISK_GIGABYTES = 2
LOST = "messages in flight, function logs and the history of pipeline runs are lost"
PROJECT = Path.cwd()


def up(cloud: Cloud, given: Namespace) -> None:
    """Start, build, deploy, train the first champion; each only if it is not done yet."""
    began = time.monotonic()
    cloud.use_case.check(PROJECT)
    _check_disk(given.home)
    checkout.claim(cloud, [] if given.state else list(checkout.clouds(given.home)))
    started: list[str] = []
    try:
        with ThreadPoolExecutor(1) as background:
            log = cloud.state.logs / "build.log"
            built = background.submit(build.build, PROJECT, cloud.builds, cloud.environments, log, cloud.use_case)
            for name in cloud.start():
                started.append(name)  # noqa: PERF402 - what failed to start is in the list too
            deliver(cloud, PROJECT, built, lambda: _buckets(cloud), lambda known: _first_run(cloud, known))
    except (NoChampionError, StaleBuildError):
        summarise(cloud, time.monotonic() - began)
        raise
    except BaseException:
        if started:
            progress.print("[yellow]Stopping what was started[/yellow]")
            cloud.stop(tuple(started))
        raise
    summarise(cloud, time.monotonic() - began)


def down(cloud: Cloud, _: Namespace) -> None:
    """Stop every process of this cloud; its data stays for the next `up`."""
    stopped = checkout.stop(cloud)
    answer(f"Nothing of the cloud of {cloud.use_case.name} is running" + ("" if stopped else ", nothing was"))


def status(cloud: Cloud, _: Namespace) -> None:
    """What runs, where, and how much memory it takes."""
    table = Table("service", "process", "address", "memory", box=None)
    for name in (*SERVICES, *ON_DEMAND):
        process = cloud.running(name)
        if not process and name in ON_DEMAND:
            continue
        address = f"127.0.0.1:{cloud.ports[name]}" if process else ""
        memory = f"{processes.memory(process) / 2**20:.0f} MB" if process else ""
        table.add_row(name, str(process.pid) if process else "[red]stopped[/red]", address, memory)
    console.print(f"use case {cloud.use_case.name}")
    console.print(table)
    if cloud.running("localstack"):
        stack = deployment.current(cloud.aws, cloud.state)
        card = project.champion(cloud, stack) if stack else None
        console.print(f"stack    {stack.name if stack else '[red]none[/red]'}")
        console.print(f"champion {card['model_version'] if card else '[red]none[/red]'}")


def dev(cloud: Cloud, _: Namespace) -> None:
    """Run the functions from their sources as these are edited, and show their logs, until interrupted."""
    functions = here(cloud)["functions"]
    shared = {PROJECT / "functions": None, cloud.use_case.folder(PROJECT): None}  # in this order, each once
    sources = {
        deployed: [PROJECT / "functions" / name.removesuffix("Function").lower(), *shared]
        for name, deployed in functions.items()
    }
    with development.hot_reload(cloud.aws, sources):
        say("The next invocation runs what is in functions/ then. Ctrl-C goes back to what is deployed.")
        for name, message in development.tail(cloud.aws, functions):
            console.print(f"[cyan]{name}[/cyan] {escape(message)}")


def outputs(cloud: Cloud, _: Namespace) -> None:
    """Addresses, names and keys as one JSON object."""
    print(json.dumps(anywhere(cloud), indent=2))


def folder(cloud: Cloud, _: Namespace) -> None:
    """The state folder of the cloud that is up."""
    print(cloud.state.root)


def sam_env(cloud: Cloud, given: Namespace) -> None:
    """Prepare `sam local` for the cloud that is up, or for the wanted one; prints what the shell has to evaluate.

    With `--no-docker` the embedded cloud's functions run as processes although an engine runs.
    """
    wanted = given.cloud
    variables = cloud.state.root.parent / "sam" / "environment.json"  # where samconfig.toml looks for it
    if wanted != "compose" and cloud.running("localstack"):
        known: Mapping[str, Any] = here(cloud)
        if gateway := forwarder.bridge() if not given.no_docker else None:
            _forward(cloud, gateway)
            endpoint, host, docker_host = (
                f"http://{sam_local.GATEWAY}:{cloud.ports['localstack']}",
                sam_local.GATEWAY,
                None,
            )
        else:
            endpoint, host, docker_host = cloud.aws.endpoint_url, None, _engine(cloud)
        write(variables, sam_variables(known, endpoint, host))
        print(sam_local.shell(known, cloud.environments, docker_host=docker_host))
    elif wanted != "embedded" and (told := compose.outputs(PROJECT)):
        write(variables, sam_variables(told, compose.ENDPOINT, None))
        print(sam_local.shell(told, cloud.environments, network=compose.network(PROJECT)))
    else:
        raise CloudError(*not_running(cloud, f"{cloud.use_case.make_up}, or docker compose up --wait"))


def invoke(cloud: Cloud, given: Namespace) -> None:
    """A function's answer to an event."""
    known = anywhere(cloud)
    name = deployed(known, given.function)
    answered = Aws(known["endpoint_url"]).client("lambda").invoke(FunctionName=name, Payload=given.event.encode())
    print(answered["Payload"].read().decode())
    if "FunctionError" in answered:
        raise CloudError(f"{given.function} failed", f"Its log: make logs F={given.function}")


def logs(cloud: Cloud, given: Namespace) -> None:
    """The last events of a function's log, or where the servers' logs are."""
    if not given.function:
        for file in sorted(cloud.state.logs.glob("*.log")):
            console.print(f"{file}  {file.stat().st_size / 1024:.0f} kB")
        return
    known = anywhere(cloud)
    group = f"/aws/lambda/{deployed(known, given.function)}"
    events = Aws(known["endpoint_url"]).client("logs").filter_log_events(logGroupName=group, limit=10_000)["events"]
    for event in events[-200:]:
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        print(f"{moment:%H:%M:%S.%f} {event['message'].rstrip()}")


def _engine(cloud: Cloud) -> str:
    """The `DOCKER_HOST` of this cloud's own engine."""
    docker_host = engine.ensure(cloud.state.root, cloud.runtime_python, cloud.state.logs / "engine.log")
    say("sam local will start no containers: functions are processes, as this cloud runs them")
    return docker_host


def _forward(cloud: Cloud, gateway: str) -> None:
    """A forwarder of this cloud's ports as they are now."""
    wanted = forwarder.service(gateway, [cloud.ports[name] for name in SERVICES])
    running = cloud.running("forwarder")
    if running and running.cmdline() == list(wanted.command) and wanted.ready():
        return
    processes.stop(cloud.state.root, "forwarder")
    processes.start(cloud.state.root, wanted, cloud.state.logs / "forwarder.log")


def _buckets(cloud: Cloud) -> None:
    """Made anew, and filled with what they held when LocalStack stopped."""
    with step("Buckets"):
        restored = restore(cloud.aws.buckets, cloud.state.mirror)
        project.create_buckets(cloud)
    if restored:
        say(f"LocalStack starts anew: {restored} objects are back in their buckets; {LOST}")


def _first_run(cloud: Cloud, known: Mapping[str, Any]) -> Mapping[str, Any]:
    return upload_and_follow(cloud.aws, PROJECT / cloud.use_case.table, known["data_bucket"], known["pipeline_arn"])


def _check_disk(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free / 1e9
    if free < DISK_GIGABYTES:
        raise CloudError(
            f"{free:.1f} GB are free below {home}, {DISK_GIGABYTES} GB are needed",
            "Free some space, or put the checkout on a larger disk",
        )
