"""What the README and the guides say to type."""

import re

from clouds import CHECKOUT

BLOCK = re.compile(r"^```sh([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """What each block of commands needs, and its commands."""
    return [(need.strip(), text) for need, text in BLOCK.findall((CHECKOUT / page).read_text())]
