"""`embedded-cloud`: the commands of the project in this folder, its own or those for any SAM project."""

import argparse
import errno
import signal
import sys
import urllib.error
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from embedded_cloud import commands, environments, profile
from embedded_cloud.aws import forget_other_clouds
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import progress

Command = Callable[[argparse.Namespace], None]


def main() -> None:
    """Run one command."""
    try:
        own = profile.read(Path.cwd()).own_commands()
    except CloudError as failure:
        _fail(str(failure))
    if own:
        own.main()
        return
    given = _arguments()
    forget_other_clouds()
    carried_out(lambda: given.run(given), "embedded-cloud up", "embedded-cloud logs")


def carried_out(command: Callable[[], None], again: str, remedy: str) -> None:
    """Run a command; a failure that has a remedy is shown without a traceback, and ends the process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        command()
    except CloudError as failure:
        _fail(str(failure))
    except (BotoCoreError, ClientError, urllib.error.URLError) as failure:
        _fail(f"The cloud does not answer as it should: {failure}\n  → {remedy}")
    except OSError as failure:
        if failure.errno != errno.ENOSPC:
            raise
        _fail("The disk is full\n  → Free at least 2 GB")
    except KeyboardInterrupt:
        progress.print(f"[yellow]Interrupted; `{again}` goes on from here[/yellow]")
        sys.exit(130)


def _fail(message: str) -> None:
    progress.print(f"[red]✗[/red] {escape(message)}")
    sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="embedded-cloud", description="A SAM project on this machine: Lambda without Docker, on LocalStack."
    )
    parser.add_argument("--version", action="version", version=version(environments.NAME))
    parser.add_argument("--folder", type=_absolute, default=Path.cwd(), help="of the project; by default this one")
    subparsers = parser.add_subparsers(dest="command", required=True)

    def add(run: Command) -> argparse.ArgumentParser:
        command = subparsers.add_parser(run.__name__.replace("_", "-"), help=run.__doc__)
        command.set_defaults(run=run)
        return command

    adapt = "run functions by the nearest runtime and the architecture that this machine has"
    add(commands.up).add_argument("--adapt", action="store_true", help=adapt)
    for simple in (commands.down, commands.status, commands.outputs, commands.dev, commands.sam_env):
        add(simple)
    invoke = add(commands.invoke)
    invoke.add_argument("function", help="its logical name in the template")
    invoke.add_argument("event", nargs="?", default="{}", help="JSON, a file with it, or - for standard input")
    add(commands.logs).add_argument("function", nargs="?", help="its logical name; by default all")
    return parser.parse_args()


def _absolute(path: str) -> Path:
    return Path(path).resolve()
