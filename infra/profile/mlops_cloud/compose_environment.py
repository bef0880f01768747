"""Compose's .env, made from .env.example: secrets where a value is empty, another port where one is taken.

`USE_CASE` in the process's environment names the use case of a new file. The project is named after it and the folder,
so that two checkouts share no container, volume or image.
"""

import base64
import hashlib
import os
import re
import secrets
import sys
from pathlib import Path

from embedded_cloud import ports
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import progress, say
from mlops_cloud.use_case import DEFAULT, UseCase

SECRET = re.compile(r"_(PASSWORD|KEY|SECRET)$")
LINE = re.compile(r"([A-Z0-9_]+)=(.*)")


def complete(example: str, known: str, folder: str) -> str:
    """The example's lines with their values: those that are known, else a generated or the given one.

    `folder` stands for the checkout in the project's name.

    What is known stays as it is, so that data written under a password can still be read; `NAME_PORT` in the
    process's environment demands a port, as for the embedded cloud.
    """
    values = {found[1]: found[2] for found in map(LINE.fullmatch, known.splitlines()) if found}
    wanted = os.environ.get("USE_CASE")
    if known and wanted and wanted != values.get("USE_CASE", DEFAULT):
        raise CloudError(
            f"This file is for use case {values.get('USE_CASE', DEFAULT)}, not {wanted}",
            f"Another file for another use case: COMPOSE_ENV_FILES=.env.{wanted} make compose-env USE_CASE={wanted}",
        )

    def filled(line: str) -> str:
        found = LINE.fullmatch(line)
        if not found:
            return line
        name, value = found.groups()
        if name in values:
            return f"{name}={values.pop(name)}"
        if name == "USE_CASE" and wanted and not known:
            return f"{name}={UseCase(wanted).validated().name}"
        if name == "COMPOSE_PROJECT_NAME":
            return f"{name}={UseCase(wanted or values.get('USE_CASE') or value).validated().name}-{folder}"
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
    """`python -m mlops_cloud.compose_environment .env.example .env`; only its owner may read what is written."""
    example, target = map(Path, sys.argv[1:])
    known = target.read_text() if target.exists() else ""
    target.touch(mode=0o600)
    try:
        folder = hashlib.sha256(str(example.resolve().parent).encode()).hexdigest()[:6]
        target.write_text(complete(example.read_text(), known, folder))
    except CloudError as failure:
        progress.print(f"[red]✗[/red] {failure}")
        sys.exit(1)
    say(f"{target} holds ports and secrets for docker-compose.yml")


if __name__ == "__main__":
    main()
