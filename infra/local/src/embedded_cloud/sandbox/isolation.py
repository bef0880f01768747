"""What a function sees of the machine: its code at /var/task, read-only, its layers at /opt and a /tmp of its own.

As on Lambda, where the kernel lets a process have mounts of its own; elsewhere folders are where they are, and the
variables name them. https://man7.org/linux/man-pages/man7/mount_namespaces.7.html
"""

import ctypes
import dataclasses
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from embedded_cloud.sandbox.invocation import Launch

TASK, OPT, TMP = "/var/task", "/opt", "/tmp"  # noqa: S108
# Says that a process has mounts of its own, so that those it makes end with it.
OWN_MOUNTS = "LAMBDA_PROCESS_MOUNTS"

# /var takes no new folder: one that holds it is laid over it, by way of descriptors, which any path's name survives.
_SCRIPT = """
set -e
task=$1 opt=$2 tmp=$3 empty=$4; shift 4
if [ "$opt" ]; then mount --bind "$opt" /opt; fi
if [ "$task" ]; then
    exec 3<"$task" 4<"$empty"
    [ -d /var/task ] || mount -t overlay -o ro,lowerdir=/proc/self/fd/4:/var overlay /var
    mount -c -o bind,ro /proc/self/fd/3 /var/task
    exec 3<&- 4<&-
fi
while [ "$1" != -- ]; do mkdir -p "$tmp/$1"; mount --rbind "/tmp/$1" "$tmp/$1"; shift; done
shift
mount --rbind "$tmp" /tmp
if [ "$task" ]; then cd /var/task; fi
unset OLDPWD  # a folder of this machine
exec "$@"
"""


def isolated(launch: Launch, task_root: Path | None, opt: Path | None, scratch: Path) -> Launch:
    """The launch of a function that has its own /var/task, unless there is no `task_root`, its /opt and /tmp.

    As it is where the kernel gives no process mounts of its own.
    """
    places = ((task_root, TASK), (opt, OPT), (scratch, TMP))
    if not (unshare := available()) or not _is_there(launch, places[:2]):
        return launch  # to fail by the program's own name
    seen = sorted(((str(here), there) for here, there in places if here), key=lambda pair: -len(pair[0]))

    def as_seen(text: str) -> str:
        for here, there in seen:
            text = text.replace(here, there)
        return text

    command = [as_seen(word) for word in launch.command]
    variables = {name: as_seen(value) for name, value in launch.variables.items()}
    elsewhere = [] if task_root else [str(launch.directory)]
    kept = sorted(set(_below_tmp([*command, *variables.get("PYTHONPATH", "").split(":"), *elsewhere])))
    folders = [str(task_root or ""), str(opt or ""), str(scratch), str(_empty())]
    script = [*unshare, "sh", "-c", _SCRIPT, "sh", *folders, *kept, "--", *command]
    return dataclasses.replace(launch, command=script, variables=variables)


@functools.cache
def available() -> tuple[str, ...]:
    """The command that gives a process mounts of its own; empty where the kernel, or the machine, has none."""
    mapped = () if os.geteuid() == 0 else ("--map-root-user",)
    command = ("unshare", "--mount", *mapped)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "task").mkdir()
        probe = [*command, "sh", "-c", _SCRIPT, "sh", folder, folder, folder, folder, "--", "true"]
        try:
            tried = subprocess.run(probe, capture_output=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return ()
    return command if tried.returncode == 0 else ()


def variables() -> dict[str, str]:
    """For the environment of a process that is started by the command of `available`."""
    return {OWN_MOUNTS: "1"} if available() else {}


def described() -> str:
    """What functions see of this machine, in words."""
    if available():
        return f"functions see {TASK}, {OPT} and a {TMP} of their own"
    return f"functions see this machine's {TMP}, and folders for {TASK} and {OPT}: its kernel gives them no mounts"


def limit(folder: Path, megabytes: int) -> None:
    """Let a folder hold no more than Lambda's /tmp would; of any size where mounts would outlive this process."""
    if os.environ.get(OWN_MOUNTS):
        _libc().mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={megabytes}m,mode=0700".encode())


def discard(folder: Path) -> None:
    """Remove a folder, limited or not, with all that it holds."""
    if os.environ.get(OWN_MOUNTS):
        _libc().umount2(bytes(folder), 2)  # MNT_DETACH: nothing that runs keeps it
    shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _empty() -> Path:
    """A folder that holds an empty ``task``."""
    folder = Path(tempfile.gettempdir(), f"isolation-{os.geteuid()}")
    (folder / "task").mkdir(parents=True, exist_ok=True)
    return folder


def _is_there(launch: Launch, places: Sequence[tuple[Path | None, str]]) -> bool:
    """Whether there is such a program, which may be named by the place where the function would see it."""
    program = launch.command[0]
    for here, there in places:
        if here and program.startswith(f"{there}/"):
            program = str(here) + program.removeprefix(there)
    return shutil.which(launch.directory / program) is not None


def _below_tmp(paths: Sequence[str]) -> Iterator[str]:
    """Of what a launch names, the folders that a new /tmp would hide; a program's are those of its installation."""
    for path in filter(os.path.exists, paths):
        for place in (Path(path), Path(path).resolve()):
            folder = place if place.is_dir() else place.parents[1 if os.access(place, os.X_OK) else 0]
            if folder.is_relative_to(TMP):
                yield str(folder.relative_to(TMP))
