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

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, LayerVersion

_merging = threading.Lock()
BIND = 'mount --bind "$0" /opt && exec "$@"'


def opt(version: FunctionVersion) -> Path | None:
    """The folder of a function's layers, the later over the earlier, made now unless it is there; None without any."""
    layers = version.config.layers
    if not layers:
        return None
    folders = [_unzipped(layer) for layer in layers]
    if len(folders) == 1:
        return folders[0]
    name = hashlib.sha256("\n".join(map(str, folders)).encode()).hexdigest()[:16]
    merged = Path(tempfile.gettempdir(), "layers", name)
    with _merging:
        if not merged.exists():
            partial = merged.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            for folder in folders:
                shutil.copytree(folder, partial, symlinks=True, dirs_exist_ok=True)
            partial.rename(merged)
    return merged


def extensions(layer: LayerVersion) -> list[str]:
    """The external extensions in a layer, which no sandbox here would start."""
    folder = _unzipped(layer) / "extensions"
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


def variables(folder: Path) -> dict[str, str]:
    """By which a function finds the programs and the libraries of its layers."""
    return {"LD_LIBRARY_PATH": str(folder / "lib")}


def at_opt(folder: Path, command: Sequence[str]) -> list[str]:
    """The command, with the folder at /opt for it alone; the command as it is where that cannot be had."""
    return [*_namespace(), "sh", "-c", BIND, str(folder), *command] if _namespace() else list(command)


def _unzipped(layer: LayerVersion) -> Path:
    layer.code.prepare_for_execution()
    return Path(layer.code.get_unzipped_code_location()).absolute()


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
