"""Progress on stderr, for a person at a terminal or as plain lines; what was asked for goes to stdout."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
progress = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show that something is under way, then how long it took."""
    began = time.monotonic()
    if progress.is_terminal:
        with progress.status(what):
            yield
    else:
        progress.print(f"· {what}")
        yield
    say(f"{what} [dim]{time.monotonic() - began:.1f} s[/dim]")


def say(what: str) -> None:
    """One line of progress."""
    progress.print(f"[green]✓[/green] {what}")


def answer(what: str) -> None:
    """What a command has done, where that is all there is to say."""
    console.print(f"[green]✓[/green] {what}")
