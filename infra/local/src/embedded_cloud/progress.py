"""Progress for a person at a terminal, and plain lines for everything else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
problems = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show that something is under way, then how long it took."""
    began = time.monotonic()
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        console.print(f"· {what}")
        yield
    say(f"{what} [dim]{time.monotonic() - began:.1f} s[/dim]")


def say(what: str) -> None:
    console.print(f"[green]✓[/green] {what}")
