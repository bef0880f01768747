"""`airflow standalone`, on loopback alone.

Airflow's two log servers listen on every interface and cannot be told otherwise. They are for components on several
machines; here all share one log folder.
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
    for asked in (signal.SIGINT, signal.SIGTERM):  # also where the shell that started this ignores interrupts
        signal.signal(asked, signal.default_int_handler)
    standalone_command.SubCommand = Component
    standalone_command.StandaloneCommand().run()
