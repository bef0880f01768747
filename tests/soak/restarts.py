"""Ten releases and ten restarts: what they leave on the disk and in memory. `make soak` prints the table."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic

import psutil
import pytest
from rich.console import Console
from rich.table import Table

from clouds import HOME, Cloud, family, until
from embedded_cloud import processes

TIMES = int(os.environ.get("TIMES", "10"))
# Of what was there after the second time: the first ones fill what is kept on purpose, such as the last good build.
MOST = 1.15


def size(folder: Path) -> int:
    """Megabytes below a folder, each file once however many links it has."""
    seen: dict[tuple[int, int], int] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found = os.lstat(Path(root, name))
                seen[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(seen.values()) // 10**6


def memory(of: list[psutil.Process]) -> int:
    """Megabytes that some processes hold alone (unique set size)."""
    total = 0
    for process in of:
        with suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total // 10**6


def measured(cloud: Cloud) -> dict[str, int]:
    (server,) = processes.find(cloud.state, "localstack")
    return {
        "state folder, MB": size(cloud.state),
        "builds, MB": size(HOME / "build") + size(HOME / "dependencies"),
        "LocalStack, MB": server.memory_info().rss // 10**6,
        "everything, MB": memory(family(processes.find(cloud.state))),
        "files open": server.num_fds(),
    }


def release(cloud: Cloud, number: int) -> None:
    handler = cloud.checkout / "functions/monitoring/handler.py"
    handler.write_text(handler.read_text() + f"\n# release {number}\n")
    cloud.up()


def restart(cloud: Cloud, _: int) -> None:
    for process in family(processes.find(cloud.state)):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    until(lambda: not list(processes.find(cloud.state)))
    cloud.up()


@pytest.mark.timeout(7200)
def test_releases_and_restarts_leave_disk_and_memory_as_they_are(running_cloud: Cloud) -> None:
    console, grown = Console(stderr=True), list[str]()
    champion = running_cloud.champion()
    for what in (release, restart):
        lines, seconds = [measured(running_cloud)], [0.0]
        for number in range(TIMES):
            began = monotonic()
            what(running_cloud, number)
            seconds.append(monotonic() - began)
            lines.append(measured(running_cloud))
            console.print(f"{what.__name__} {number + 1} of {TIMES}: {seconds[-1]:.1f} s", lines[-1])
            assert running_cloud.champion() == champion
        table = Table("", *lines[0], "seconds", title=f"{TIMES} × {what.__name__}")
        for number, (line, took) in enumerate(zip(lines, seconds, strict=True)):
            table.add_row(str(number), *map(str, line.values()), f"{took:.1f}")
        console.print(table)
        grown += [f"{what.__name__}: {name}" for name in lines[0] if lines[-1][name] > MOST * lines[2][name] + 5]
    assert not grown
