"""Layers: what /opt holds on Lambda, as a folder."""

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

_merging = threading.Lock()


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
