"""Compose's .env, made from .env.example: secrets where a value is empty, another port where one is taken."""

import base64
import os
import re
import secrets
import sys
from pathlib import Path

from embedded_cloud import ports
from embedded_cloud.progress import say

SECRET = re.compile(r"_(PASSWORD|KEY|SECRET)$")
LINE = re.compile(r"([A-Z0-9_]+)=(.*)")


def complete(example: str, known: str) -> str:
    """The example's lines with their values: those that are known, else a generated or the given one.

    What is known stays as it is, so that data written under a password can still be read; `NAME_PORT` in the
    process's environment demands a port, as for the embedded cloud.
    """
    values = {found[1]: found[2] for found in map(LINE.fullmatch, known.splitlines()) if found}

    def filled(line: str) -> str:
        found = LINE.fullmatch(line)
        if not found:
            return line
        name, value = found.groups()
        if name in values:
            return f"{name}={values.pop(name)}"
        if name.endswith("_PORT"):
            return f"{name}={ports.choose(name, int(value))}"
        return f"{name}={value or (_secret(name) if SECRET.search(name) else '')}"

    lines = [filled(line) for line in example.splitlines()]
    return "\n".join([*lines, *(f"{name}={value}" for name, value in values.items()), ""])


def _secret(name: str) -> str:
    """Fit for a URL; a Fernet key is 32 bytes in padded Base64."""
    if "FERNET" in name:
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(24)


def main() -> None:
    """`python -m embedded_cloud.compose_environment .env.example .env`; only its owner may read what is written."""
    example, target = map(Path, sys.argv[1:])
    known = target.read_text() if target.exists() else ""
    os.umask(0o077)
    target.touch()
    target.write_text(complete(example.read_text(), known))
    say(f"{target} holds ports and secrets for docker-compose.yml")


if __name__ == "__main__":
    main()
