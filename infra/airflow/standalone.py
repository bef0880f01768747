"""Run `airflow standalone` without the servers that listen on every interface.

These are two log servers, for components on several machines, and no setting binds them to loopback. Here all
components share one log folder.
"""

import signal

from airflow.cli.commands import standalone_command

WITHOUT_LOG_SERVER = ("scheduler", "triggerer")


class Component(standalone_command.SubCommand):
    """One of Airflow's processes, started without a log server."""

    def __init__(
        self, parent: standalone_command.StandaloneCommand, name: str, command: list[str], env: dict[str, str]
    ) -> None:
        options = ["--skip-serve-logs"] if name in WITHOUT_LOG_SERVER else []
        super().__init__(parent, name, [*command, *options], env)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # also if the shell that started this ignores interrupts
        signal.signal(number, signal.default_int_handler)
    standalone_command.SubCommand = Component
    standalone_command.StandaloneCommand().run()
