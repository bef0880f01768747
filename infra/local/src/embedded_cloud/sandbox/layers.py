"""Layers: what /opt holds on Lambda, as a folder, and at /opt itself where the kernel lets a process have its own."""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

_merging = threading.Lock()
BIND = 'mount --bind "$0" /opt && exec "$@"'


def opt(layers: Sequence[Path]) -> Path | None:
    """One folder of all layers, the later over the earlier, made now unless it is there; None without any."""
    if len(layers) <= 1:
        return next(iter(layers), None)
    name = hashlib.sha256("\n".join(map(str, layers)).encode()).hexdigest()[:16]
    merged = Path(tempfile.gettempdir(), "layers", name)
    with _merging:
        if not merged.exists():
            partial = merged.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            for layer in layers:
                shutil.copytree(layer, partial, symlinks=True, dirs_exist_ok=True)
            partial.rename(merged)
    return merged


def extensions(layer: Path) -> list[str]:
    """The external extensions in a layer, which no sandbox here would start."""
    folder = layer / "extensions"
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


def variables(folder: Path) -> dict[str, str]:
    """By which a function finds the programs and the libraries of its layers."""
    return {"LD_LIBRARY_PATH": str(folder / "lib")}


def at_opt(folder: Path, command: Sequence[str]) -> list[str]:
    """The command, with the folder at /opt for it alone; the command as it is where that cannot be had."""
    return [*_namespace(), "sh", "-c", BIND, str(folder), *command] if _namespace() else list(command)


@functools.cache
def _namespace() -> tuple[str, ...]:
    """The command that gives a process mounts of its own; empty where the kernel, or the machine, has none."""
    mapped = () if os.geteuid() == 0 else ("--map-root-user",)
    command = ("unshare", "--mount", *mapped)
    try:
        tried = subprocess.run([*command, "sh", "-c", BIND, "/tmp", "true"], capture_output=True, timeout=10)  # noqa: S108
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return command if tried.returncode == 0 else ()
