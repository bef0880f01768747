"""Folders that functions run from: read-only, known by their content, kept while a cloud needs them."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedded_cloud.errors import CloudError

DIGESTS = "digests.json"  # of a build: by artifact, its `sha256` and `bytes`, and what else its maker knows of it
HOLDERS = "holders"  # of a build: links to the documents of clouds that deploy it


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> None:
    """Run a command; CloudError with the end of its output if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, env=environment)
    with log.open("ab") as output:
        output.write(done.stdout)
    if done.returncode:
        tail = "\n    ".join(done.stdout.decode(errors="replace").splitlines()[-15:])
        raise CloudError(
            f"{' '.join(command[:2])} failed:\n    {tail}", f"Fix what it names; the whole output is {log}"
        )


def digest(artifact: Path) -> dict[str, Any]:
    """The SHA-256 of a file, or of all that a folder holds, and its size."""
    total, size = hashlib.sha256(), 0
    for path in [artifact] if artifact.is_file() else sorted(artifact.rglob("*")):
        name = path.relative_to(artifact)
        if path.is_symlink():
            total.update(f"{name}\0{path.readlink()}\0".encode())
        elif path.is_file():
            content = path.read_bytes()
            total.update(f"{name}\0{len(content)}\0".encode())
            total.update(content)
            size += len(content)
    return {"sha256": total.hexdigest(), "bytes": size}


def freeze(artifact: Path) -> dict[str, Any]:
    """Make an artifact read-only, as it is on Lambda; returns its digest and size."""
    for path in artifact.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return digest(artifact)


def hold(build: Path, document: Path) -> None:
    """Keep a build for as long as a document (JSON) has its name as `build`."""
    link = build / HOLDERS / hashlib.sha256(bytes(document)).hexdigest()[:16]
    link.parent.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        link.symlink_to(document.absolute())


def is_held(build: Path) -> bool:
    """Whether a document still has a build's name."""
    return any(_names(document, build.name) for document in (build / HOLDERS).glob("*"))


def remove(build: Path) -> None:
    """Delete a build, read-only as its artifacts are."""
    for folder in [build, *(path for path in build.rglob("*") if path.is_dir() and not path.is_symlink())]:
        with suppress(OSError):
            folder.chmod(0o755)
    shutil.rmtree(build, ignore_errors=True)


def _names(document: Path, build: str) -> bool:
    try:
        return bool(json.loads(document.read_text())["build"] == build)
    except (OSError, ValueError, KeyError, TypeError):
        return False
