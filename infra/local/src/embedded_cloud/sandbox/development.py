"""Hot reload: source that stands in front of the artifacts while someone edits it.

Switched on and off while the cloud runs, so that the deployed
functions stay what they are; only where Python looks first changes.
"""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

_sources: dict[str, list[Path]] = {}


def sources() -> Mapping[str, Sequence[Path]]:
    """The folders in force, by name or pattern (``*``) of the functions they are for."""
    return _sources


def folders(function: str) -> Sequence[Path]:
    """The folders whose modules come before those of the same name in the function's artifact."""
    return next((found for pattern, found in _sources.items() if fnmatchcase(function, pattern)), [])


def use(given: Mapping[str, Sequence[str]]) -> None:
    """Put other folders in force, for each function those of the first pattern that matches it.

    Raises NotADirectoryError when one of them is no folder.
    """
    global _sources
    for folder in (folder for several in given.values() for folder in several):
        if not Path(folder).is_dir():
            raise NotADirectoryError(folder)
    _sources = {pattern: [Path(folder).resolve() for folder in several] for pattern, several in given.items()}


def fingerprint(folders: Sequence[Path]) -> frozenset[tuple[str, int, int]]:
    """A value that changes when a file in one of the folders is edited, added or removed.

    It reads names, times and sizes only: 0.3 ms for 60 files. Bytecode and hidden files are left
    out, since running the code writes them.
    """
    found = set()
    walks = (step for folder in folders for step in os.walk(folder))  # strings: half the time of Path objects
    for where, below, files in walks:
        below[:] = [name for name in below if name[0] != "." and name != "__pycache__"]
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
