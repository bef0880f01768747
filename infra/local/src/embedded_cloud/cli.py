"""What stands behind the Makefile's targets: `embedded-cloud up`, `down`, `status`, `logs`, `outputs` and so on."""

import argparse
import errno
import json
import shutil
import signal
import sys
import time
import urllib.error
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from rich.table import Table

from embedded_cloud import (
    build,
    checkout,
    compose,
    dag_run,
    deployment,
    development,
    forwarder,
    operations,
    pipeline,
    processes,
    project,
    sam_local,
)
from embedded_cloud import models as registry
from embedded_cloud.airflow import USER, Airflow
from embedded_cloud.aws import Aws, forget_other_clouds
from embedded_cloud.cloud import ON_DEMAND, SERVICES, Cloud
from embedded_cloud.delivery import StaleBuildError, deliver
from embedded_cloud.engine import service as engine
from embedded_cloud.errors import CloudError
from embedded_cloud.mirror import restore
from embedded_cloud.pipeline import NoChampionError
from embedded_cloud.progress import answer, console, progress, say, step
from embedded_cloud.stack import describe
from embedded_cloud.summary import summarise
from embedded_cloud.use_case import DEFAULT

DISK_GIGABYTES = 2
LOST = "messages in flight, function logs and the history of pipeline runs are lost"
PROJECT = Path.cwd()


def up(cloud: Cloud, home: Path) -> None:
    """Start, build, deploy, train the first champion; each only if it is not done yet."""
    began = time.monotonic()
    _check_disk(home)
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


def down(cloud: Cloud, _: Path) -> None:
    """Stop every process of this cloud; its data stays for the next `up`."""
    stopped = checkout.stop(cloud)
    answer(f"Nothing of the cloud of {cloud.use_case.name} is running" + ("" if stopped else ", nothing was"))


def status(cloud: Cloud, _: Path) -> None:
    """What runs, where, and how much memory it takes."""
    table = Table("service", "process", "address", "memory", box=None)
    for name in (*SERVICES, *ON_DEMAND):
        process = cloud.running(name)
        if not process and name in ON_DEMAND:
            continue
        address = f"127.0.0.1:{getattr(cloud.ports, name)}" if process else ""
        memory = f"{processes.memory(process) / 2**20:.0f} MB" if process else ""
        table.add_row(name, str(process.pid) if process else "[red]stopped[/red]", address, memory)
    console.print(f"use case {cloud.use_case.name}")
    console.print(table)
    if cloud.running("localstack"):
        stack = deployment.current(cloud.aws, cloud.state)
        card = project.champion(cloud, stack) if stack else None
        console.print(f"stack    {stack.name if stack else '[red]none[/red]'}")
        console.print(f"champion {card['model_version'] if card else '[red]none[/red]'}")


def dev(cloud: Cloud, _: Path) -> None:
    """Run the functions from their sources as these are edited, and show their logs, until interrupted."""
    functions = _known(cloud)["functions"]
    shared = {PROJECT / "functions": None, cloud.use_case.folder(PROJECT): None}  # in this order, each once
    sources = {
        deployed: [PROJECT / "functions" / name.removesuffix("Function").lower(), *shared]
        for name, deployed in functions.items()
    }
    with development.hot_reload(cloud.aws, sources):
        say("The next invocation runs what is in functions/ then. Ctrl-C goes back to what is deployed.")
        for name, message in development.tail(cloud.aws, functions):
            console.print(f"[cyan]{name}[/cyan] {escape(message)}")


def outputs(cloud: Cloud, _: Path) -> None:
    """Addresses, names and keys as one JSON object."""
    print(json.dumps(_anywhere(cloud), indent=2))


def environment(cloud: Cloud, _: Path) -> None:
    """The inference function's environment as NAME=value lines, for a server outside of Lambda."""
    for name, value in project.environment(_anywhere(cloud)).items():
        print(f"{name}={value}")


def sam_env(cloud: Cloud, wanted: str, *, docker: bool) -> None:
    """Prepare `sam local` for the cloud that is up, or for the wanted one; prints what the shell has to evaluate.

    Without `docker` the embedded cloud's functions run as processes although an engine runs.
    """
    variables = cloud.state.root.parent / "sam" / "environment.json"  # where samconfig.toml looks for it
    if wanted != "compose" and cloud.running("localstack"):
        known: Mapping[str, Any] = _known(cloud)
        if gateway := forwarder.bridge() if docker else None:
            _forward(cloud, gateway)
            endpoint, host, docker_host = (
                f"http://{sam_local.GATEWAY}:{cloud.ports.localstack}",
                sam_local.GATEWAY,
                None,
            )
        else:
            endpoint, host, docker_host = cloud.aws.endpoint_url, None, _engine(cloud)
        sam_local.write(variables, sam_local.variables(known, endpoint, host))
        print(sam_local.shell(known, cloud.environments, docker_host=docker_host))
    elif wanted != "embedded" and (told := compose.outputs(PROJECT)):
        sam_local.write(variables, sam_local.variables(told, compose.ENDPOINT, None))
        print(sam_local.shell(told, cloud.environments, network=compose.network(PROJECT)))
    else:
        raise CloudError(*_not_running(cloud, f"{cloud.use_case.make_up}, or docker compose up --wait"))


def _engine(cloud: Cloud) -> str:
    """The `DOCKER_HOST` of this cloud's own engine."""
    docker_host = engine.ensure(cloud.state.root, cloud.runtime_python, cloud.state.logs / "engine.log")
    say("sam local will start no containers: functions are processes, as this cloud runs them")
    return docker_host


def _forward(cloud: Cloud, gateway: str) -> None:
    """A forwarder of this cloud's ports as they are now."""
    wanted = forwarder.service(gateway, [getattr(cloud.ports, name) for name in SERVICES])
    running = cloud.running("forwarder")
    if running and running.cmdline() == list(wanted.command) and wanted.ready():
        return
    processes.stop(cloud.state.root, "forwarder")
    processes.start(cloud.state.root, wanted, cloud.state.logs / "forwarder.log")


def invoke(cloud: Cloud, function: str, event: str) -> None:
    """A function's answer to an event."""
    known = _anywhere(cloud)
    deployed = _deployed(known, function)
    answer = Aws(known["endpoint_url"]).client("lambda").invoke(FunctionName=deployed, Payload=event.encode())
    print(answer["Payload"].read().decode())
    if "FunctionError" in answer:
        raise CloudError(f"{function} failed", f"Its log: make logs F={function}")


def models(cloud: Cloud, _: Path) -> None:
    """Every registered model version, and what was decided about it."""
    known = _anywhere(cloud)
    console.print(f"use case {known['use_case']}")
    console.print(registry.table(known))


def promote(cloud: Cloud, version: str) -> None:
    """Make a model version champion, past the gate: this is also the way back."""
    known = _anywhere(cloud)
    promoted = registry.promote(known, version)
    before = promoted["previous"]
    answer(f"Model {promoted['model_version']} is champion of {known['use_case']}; before it was {before}")


def airflow(cloud: Cloud, _: Path) -> None:
    """Airflow standalone over the project's DAGs, with this cloud as its AWS; nothing if it runs so already."""
    server = _airflow(cloud)
    service, running = server.service(), cloud.running("airflow")
    if running and not service.environment.items() <= running.environ().items():
        cloud.stop(("airflow",))
        running = None
    if not running:
        with step(f"airflow on {server.url.removeprefix('http://')}"):
            processes.start(cloud.state.root, service, cloud.state.logs / "airflow.log")
    console.print(f"""
  Airflow   {server.url}
  user      {USER}
  password  {server.password()}
""")


def airflow_run(cloud: Cloud, key: str) -> None:
    """One run of the pipeline's DAG, followed to its end; `key` names a file of the data bucket, empty the newest."""
    server = _airflow(cloud)
    if not cloud.running("airflow"):
        raise CloudError("Airflow is not running", "make airflow")
    api = dag_run.Api(server)
    run = dag_run.start(api, cloud.use_case.dag, {"key": key} if key else {})
    dag_run.follow(api, run)
    answer(dag_run.answer(api, run, "promote")["reason"])


def rotate_key(cloud: Cloud, _: Path) -> None:
    """Another admin key, known to the API within 30 seconds."""
    _known(cloud)
    operations.rotate_admin_key(cloud)
    answer("The new key is admin_api_key of `make -s outputs`; within 30 seconds the old one is refused")


def redrive(cloud: Cloud, _: Path) -> None:
    """Start the pipeline for each event that has started nothing so far."""
    known = _anywhere(cloud)
    aws = Aws(known["endpoint_url"])
    try:
        stack = describe(aws, known["stack_name"])
    except KeyError as missing:
        raise CloudError(f"There is no stack {missing}", "make up, or docker compose up deployer") from None
    runs = operations.redrive(aws, stack)
    answer(f"Events that were waiting: {len(runs)}" + "".join(f"\n  {run}" for run in runs))


def logs(cloud: Cloud, function: str | None) -> None:
    """The last events of a function's log, or where the servers' logs are."""
    if not function:
        for file in sorted(cloud.state.logs.glob("*.log")):
            console.print(f"{file}  {file.stat().st_size / 1024:.0f} kB")
        return
    known = _anywhere(cloud)
    group = f"/aws/lambda/{_deployed(known, function)}"
    events = Aws(known["endpoint_url"]).client("logs").filter_log_events(logGroupName=group, limit=10_000)["events"]
    for event in events[-200:]:
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        print(f"{moment:%H:%M:%S.%f} {event['message'].rstrip()}")


def _buckets(cloud: Cloud) -> None:
    """Made anew, and filled with what they held when LocalStack stopped."""
    with step("Buckets"):
        restored = restore(cloud.aws.buckets, cloud.state.mirror)
        project.create_buckets(cloud)
    if restored:
        say(f"LocalStack starts anew: {restored} objects are back in their buckets; {LOST}")


def _first_run(cloud: Cloud, known: Mapping[str, Any]) -> Mapping[str, Any]:
    return pipeline.upload_and_follow(
        cloud.aws, PROJECT / cloud.use_case.table, known["data_bucket"], known["pipeline_arn"]
    )


def _airflow(cloud: Cloud) -> Airflow:
    known = _known(cloud)
    return Airflow(
        state=cloud.state,
        environment=cloud.environments / "airflow",
        launcher=PROJECT / project.AIRFLOW_LAUNCHER,
        dags=PROJECT / project.DAGS,
        port=cloud.ports.airflow,
        endpoint_url=known["endpoint_url"],
        region=known["region"],
        use_case=known["use_case"],
    )


def _deployed(known: Mapping[str, Any], function: str) -> str:
    """The name under which a function of the template is deployed."""
    if function not in known["functions"]:
        raise CloudError(f"There is no function {function}", f"One of {', '.join(sorted(known['functions']))}")
    deployed: str = known["functions"][function]
    return deployed


def _anywhere(cloud: Cloud) -> Mapping[str, Any]:
    """The outputs of the cloud that is up: this one, else Compose's."""
    here = cloud.state.read("outputs") if cloud.running("localstack") else None
    known = here or compose.outputs(PROJECT)
    if not known or cloud.use_case.name not in (known["use_case"], DEFAULT):
        raise CloudError(*_not_running(cloud, f"{cloud.use_case.make_up}, or docker compose up --wait"))
    return known


def _known(cloud: Cloud) -> dict[str, Any]:
    """The outputs of this cloud, for what Compose has another way of doing."""
    known = cloud.state.read("outputs")
    if not known or not cloud.running("localstack"):
        raise CloudError(*_not_running(cloud, cloud.use_case.make_up))
    return known


def _not_running(cloud: Cloud, remedy: str) -> tuple[str, str]:
    named = "No cloud is up" if cloud.use_case.name == DEFAULT else f"No cloud of {cloud.use_case.name} is up"
    return named, remedy


def folder(cloud: Cloud, _: Path) -> None:
    """The state folder of the cloud that is up."""
    print(cloud.state.root)


PLAIN = (status, dev, outputs, environment, models, rotate_key, redrive, folder)
ALONE = (up, down, airflow)


def main() -> None:
    """Run one command; failures that have a remedy are shown without a traceback."""
    given = _arguments()
    forget_other_clouds()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = given.home.resolve()
    try:
        cloud = checkout.choose(
            home, given.state, given.use_case or "", starts=given.command == "up" and not given.as_it_is
        )
        match given.command:
            case "logs":
                logs(cloud, given.function)
            case "invoke":
                invoke(cloud, given.function, given.event)
            case "promote":
                promote(cloud, given.version)
            case "sam-env":
                sam_env(cloud, given.cloud, docker=not given.no_docker)
            case "airflow-run":
                airflow_run(cloud, given.key)
            case "up" | "down" | "airflow":
                if given.command == "up":
                    cloud.use_case.check(PROJECT)
                alone = {each.__name__: each for each in ALONE}[given.command]
                with checkout.locked(cloud, [] if given.state else [home / "cloud.lock"]):
                    if given.command == "up":
                        checkout.claim(cloud, [] if given.state else list(checkout.clouds(home)))
                    alone(cloud, home)
            case _:
                {each.__name__.replace("_", "-"): each for each in PLAIN}[given.command](cloud, home)
    except CloudError as failure:
        progress.print(f"[red]✗[/red] {escape(str(failure))}")
        sys.exit(1)
    except (BotoCoreError, ClientError, urllib.error.URLError) as failure:
        progress.print(f"[red]✗[/red] The cloud does not answer as it should: {escape(str(failure))}")
        progress.print("  → make up, or docker compose up deployer, and see make logs")
        sys.exit(1)
    except OSError as failure:
        if failure.errno != errno.ENOSPC:
            raise
        progress.print(f"[red]✗[/red] The disk is full\n  → Free at least {DISK_GIGABYTES} GB below {home}")
        sys.exit(1)
    except KeyboardInterrupt:
        progress.print("[yellow]Interrupted; `make up` goes on from here[/yellow]")
        sys.exit(130)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="embedded-cloud")
    parser.add_argument("--home", type=Path, default=Path(".local"), help="environments, builds and state folders")
    parser.add_argument("--state", type=Path, help="state folder of this cloud; by default one below home")
    parser.add_argument("--use-case", help=f"by default the one whose cloud is up, and {DEFAULT} for up")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (*PLAIN, *ALONE[1:]):
        commands.add_parser(command.__name__.replace("_", "-"), help=command.__doc__)
    starting = commands.add_parser("up", help=up.__doc__)
    starting.add_argument("--as-it-is", action="store_true", help="of the use case whose cloud is up, if one is")
    commands.add_parser("logs", help=logs.__doc__).add_argument("function", nargs="?")
    invocation = commands.add_parser("invoke", help=invoke.__doc__)
    invocation.add_argument("function")
    invocation.add_argument("event", nargs="?", default="{}")
    commands.add_parser("promote", help=promote.__doc__).add_argument("version")
    containers = commands.add_parser("sam-env", help=sam_env.__doc__)
    containers.add_argument("cloud", nargs="?", choices=("any", "embedded", "compose"), default="any")
    containers.add_argument("--no-docker", action="store_true", help="processes, although a Docker engine runs")
    commands.add_parser("airflow-run", help=airflow_run.__doc__).add_argument("key", nargs="?", default="")
    return parser.parse_args()


def _check_disk(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free / 1e9
    if free < DISK_GIGABYTES:
        raise CloudError(
            f"{free:.1f} GB are free below {home}, {DISK_GIGABYTES} GB are needed",
            "Free some space, or put the checkout on a larger disk",
        )
