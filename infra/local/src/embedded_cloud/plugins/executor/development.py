"""Hot reload: source that stands in front of the artifacts while someone edits it.

Switched on for the whole cloud, either at its start or while it runs, so that the deployed
functions stay what they are; only where Python looks first changes.
"""

import os
from pathlib import Path

_source: Path | None = None


def source() -> Path | None:
    """The folder whose modules come before those of the same name in the artifacts, if any."""
    return _source


def use(folder: str | os.PathLike[str] | None) -> None:
    """Put `folder` in front of every artifact, or nothing with None.

    Raises NotADirectoryError when it is no folder.
    """
    global _source
    if folder and not Path(folder).is_dir():
        raise NotADirectoryError(folder)
    _source = Path(folder).resolve() if folder else None


def fingerprint(folder: Path | None) -> frozenset[tuple[str, int, int]]:
    """A value that changes when a file in `folder` is edited, added or removed.

    It reads names, times and sizes only: 0.3 ms for 60 files. Bytecode and hidden files are left
    out, since running the code writes them.
    """
    if folder is None:
        return frozenset()
    found = set()
    for where, folders, files in os.walk(folder):  # strings: half the time of Path objects
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__"]
        for name in files:
            if name.startswith(".") or name.endswith(".pyc"):
                continue
            path = f"{where}/{name}"
            try:
                status = os.stat(path)  # noqa: PTH116
            except FileNotFoundError:
                continue  # an editor's temporary file
            found.add((path, status.st_mtime_ns, status.st_size))
    return frozenset(found)
