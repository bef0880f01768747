"""Environments of earlier releases are not kept for ever."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embedded_cloud.environments import READY, UNUSED_SECONDS, forget_unused


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return made(tmp_path / "0.3.2-0123abcd", days_ago=400)


def made(folder: Path, days_ago: float) -> Path:
    """A release's folder with one environment, last asked for so long ago."""
    (folder / "sam").mkdir(parents=True)
    ready = folder / "sam" / READY
    ready.touch()
    os.utime(ready, (time.time() - days_ago * 86400,) * 2)
    return folder


def test_what_nobody_has_asked_for_in_a_month_is_removed(kept):
    old, new = made(kept.parent / "0.3.0-0123abcd", 31), made(kept.parent / "0.3.1-0123abcd", 29)
    other = made(kept.parent / "somebody else's", 400)
    forget_unused(kept)
    assert UNUSED_SECONDS == 30 * 86400
    assert [folder.exists() for folder in (kept, old, new, other)] == [True, False, True, True]


def test_what_runs_or_is_being_made_stays(kept):
    running = made(kept.parent / "0.3.0-0123abcd", 400)
    (being_made := kept.parent / "0.3.1-0123abcd").mkdir()
    command = [sys.executable, "-c", "input()", str(running / "localstack/bin/python")]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        forget_unused(kept)
        assert running.exists()
        process.communicate(b"\n")
    forget_unused(kept)
    assert not running.exists()
    assert being_made.exists()
