"""Inputs that fuzzing found, or that were thought of while reading what it found: mended, and tried ever since."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .targets import FOUND, TARGETS, seeds

FILES = sorted(FOUND.rglob("*.bin"))
SECONDS = 10


@contextmanager
def limited() -> Iterator[None]:
    """A walk without end is a failure, not a test that hangs."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_was_found_is_mended(file: Path) -> None:
    with limited():
        TARGETS[file.parent.name](file.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_sound_inputs_pass(target: str) -> None:
    found = seeds(target)
    assert found
    for data in found:
        TARGETS[target](data)
