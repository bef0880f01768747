"""What stands behind the Makefile's targets: this project's own commands on its embedded cloud."""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

from embedded_cloud.aws import forget_other_clouds
from embedded_cloud.cli import carried_out
from mlops_cloud import checkout, commands, product_commands
from mlops_cloud.cloud import Cloud
from mlops_cloud.use_case import DEFAULT

Command = Callable[[Cloud, argparse.Namespace], None]


def main() -> None:
    """Run one command; failures that have a remedy are shown without a traceback."""
    given = _arguments()
    forget_other_clouds()

    def run() -> None:
        cloud = checkout.choose(given.home, given.state, given.use_case or "", starts=given.starts(given))
        given.run(cloud, given)

    carried_out(run, "make up", "make up, or docker compose up deployer, and see make logs")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="embedded-cloud")
    parser.add_argument(
        "--home", type=_absolute, default=_absolute(".local"), help="environments, builds and state folders"
    )
    parser.add_argument("--state", type=Path, help="state folder of this cloud; by default one below home")
    parser.add_argument("--use-case", help=f"by default the one whose cloud is up, and {DEFAULT} for up")
    parser.set_defaults(starts=lambda _: False)
    subparsers = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Command) -> argparse.ArgumentParser:
        command = subparsers.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        return command

    up = add("up", _alone(commands.up))
    up.add_argument("--as-it-is", action="store_true", help="of the use case whose cloud is up, if one is")
    up.set_defaults(starts=lambda given: not given.as_it_is)
    add("down", _alone(commands.down))
    add("status", commands.status)
    add("dev", commands.dev)
    add("outputs", commands.outputs)
    add("folder", commands.folder)
    add("logs", commands.logs).add_argument("function", nargs="?")
    invoke = add("invoke", commands.invoke)
    invoke.add_argument("function")
    invoke.add_argument("event", nargs="?", default="{}")
    sam_env = add("sam-env", commands.sam_env)
    sam_env.add_argument("cloud", nargs="?", choices=("any", "embedded", "compose"), default="any")
    sam_env.add_argument("--no-docker", action="store_true", help="processes, although a Docker engine runs")
    add("environment", product_commands.environment)
    add("models", product_commands.list_models)
    add("promote", product_commands.promote).add_argument("version")
    add("rotate-key", product_commands.rotate_key)
    add("redrive", product_commands.redrive)
    add("airflow", _alone(product_commands.airflow))
    add("airflow-run", product_commands.airflow_run).add_argument("key", nargs="?", default="")
    return parser.parse_args()


def _absolute(path: str) -> Path:
    return Path(path).resolve()


def _alone(run: Command) -> Command:
    """The command, while no other changes this cloud or, of one checkout's, which of them runs."""

    @functools.wraps(run)
    def alone(cloud: Cloud, given: argparse.Namespace) -> None:
        with cloud.state.locked(*([] if given.state else [given.home / "cloud.lock"])):
            run(cloud, given)

    return alone
